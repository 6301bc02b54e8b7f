// The document of OpenAPI v2, in both of its forms, kept while nothing that it describes is another: clients ask for it often, and with
// hundreds of kinds each form takes a tenth of a second to make.
import type { KindDefinition } from '@berth/machinery';
import { type OpenApiV2, type OpenApiV2Part, openApiV2, openApiV2ContentType, withParts } from './openapi-v2.ts';
import { encodeDocument } from './openapi-v2-protobuf.ts';

export interface OpenApiV2Form {
  contentType: string;
  bytes: Buffer;
}

export class KeptOpenApiV2 {
  readonly #version: string;
  /** What the document was made of. */
  #sources: readonly unknown[] = [];
  #document: OpenApiV2 | undefined;
  readonly #forms = new Map<'json' | 'protobuf', OpenApiV2Form>();

  constructor(version: string) {
    this.#version = version;
  }

  form(kinds: readonly KindDefinition[], parts: OpenApiV2Part[], form: 'json' | 'protobuf'): OpenApiV2Form {
    const sources = [...kinds, ...parts];
    const isSame = sources.length === this.#sources.length && sources.every((source, i) => source === this.#sources[i]);
    if (!this.#document || !isSame) {
      this.#sources = sources;
      this.#document = withParts(openApiV2(kinds, this.#version), parts);
      this.#forms.clear();
    }
    const made = this.#forms.get(form) ?? encoded(this.#document, form);
    this.#forms.set(form, made);
    return made;
  }
}

function encoded(document: OpenApiV2, form: 'json' | 'protobuf'): OpenApiV2Form {
  if (form === 'json') return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(document)) };
  return { contentType: openApiV2ContentType, bytes: Buffer.from(encodeDocument(document)) };
}
