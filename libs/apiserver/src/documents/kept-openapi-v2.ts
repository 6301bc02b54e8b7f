// The document of OpenAPI v2, in both of its forms, kept while nothing that it describes is another: clients ask for it often, and with
// hundreds of kinds each form takes a tenth of a second to make.
import type { KindDefinition } from '@berth/machinery';
import { openApiV2Json, openApiV2Protobuf } from './document-pieces.ts';
import { type OpenApiV2Part, openApiV2ContentType } from './openapi-v2.ts';

export interface OpenApiV2Form {
  contentType: string;
  bytes: Buffer;
}

type FormName = 'json' | 'protobuf';

export class KeptOpenApiV2 {
  readonly #version: string;
  /** What the forms were made of. */
  #sources: readonly unknown[] = [];
  #forms = new Map<FormName, Promise<OpenApiV2Form>>();

  constructor(version: string) {
    this.#version = version;
  }

  form(kinds: readonly KindDefinition[], parts: OpenApiV2Part[], form: FormName): Promise<OpenApiV2Form> {
    const sources = [...kinds, ...parts];
    const isSame = sources.length === this.#sources.length && sources.every((source, i) => source === this.#sources[i]);
    if (!isSame) {
      this.#sources = sources;
      this.#forms = new Map();
    }
    const forms = this.#forms;
    const made = forms.get(form) ?? this.#make(kinds, parts, form);
    forms.set(form, made);
    // Who asks next tries again.
    made.catch(() => forms.delete(form));
    return made;
  }

  async #make(kinds: readonly KindDefinition[], parts: OpenApiV2Part[], form: FormName): Promise<OpenApiV2Form> {
    if (form === 'json') return { contentType: 'application/json', bytes: await openApiV2Json(kinds, this.#version, parts) };
    return { contentType: openApiV2ContentType, bytes: await openApiV2Protobuf(kinds, this.#version, parts) };
  }
}
