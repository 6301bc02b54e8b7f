// OpenAPI v2 without definitions. kubectl asks for it, in protobuf only, when a kind is missing from v3, and gives up with
// an error about the download where it should say that there is no such kind.
import { lengthDelimited } from './protobuf-field.ts';

const title = 'Kubernetes';
const description = 'Definitions are in OpenAPI v3, below /openapi/v3.';

/** Clients ask with `@v1.0`, which is no valid media type; Go refuses to read it in answers. */
export const openApiV2ContentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export function wantsProtobuf(accept: string | undefined): boolean {
  return /application\/com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf/i.test(accept ?? '');
}

export function openApiV2(version: string): unknown {
  return { swagger: '2.0', info: { title, version, description }, paths: {} };
}

/** openapi.v2.Document: swagger is field 1, info 2 (title 1, version 2, description 3), paths 8. */
export function openApiV2Protobuf(version: string): Buffer {
  const info = Buffer.concat([lengthDelimited(1, title), lengthDelimited(2, version), lengthDelimited(3, description)]);
  return Buffer.concat([lengthDelimited(1, '2.0'), lengthDelimited(2, info), lengthDelimited(8, '')]);
}
