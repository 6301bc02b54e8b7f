// The document of OpenAPI v2, in both of its forms, kept while nothing that it describes is another: clients ask for it often, and with
// hundreds of kinds each form takes a tenth of a second to make.
import { type OpenApiV2Source, openApiV2Json, openApiV2Protobuf } from './document-pieces.ts';
import { type KeptDocument, keptDocument } from './kept-document.ts';

type FormName = 'json' | 'protobuf';

export class KeptOpenApiV2 {
  /** What the forms were made of. */
  #sources: readonly unknown[] = [];
  #forms = new Map<FormName, Promise<KeptDocument>>();

  form(source: OpenApiV2Source, form: FormName): Promise<KeptDocument> {
    const sources = [...source.kinds, ...source.parts];
    const isSame = sources.length === this.#sources.length && sources.every((one, i) => one === this.#sources[i]);
    if (!isSame) {
      this.#sources = sources;
      this.#forms = new Map();
    }
    const forms = this.#forms;
    const made = forms.get(form) ?? (form === 'json' ? openApiV2Json(source) : openApiV2Protobuf(source)).then(keptDocument);
    forms.set(form, made);
    // Who asks next tries again.
    made.catch(() => forms.delete(form));
    return made;
  }
}
