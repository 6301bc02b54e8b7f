// What Kubernetes warns of in definitions: formats of strings that nothing checks.
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';
import { someSchema } from '../validation/custom-resource-definition/schema-shape.ts';
import { schemasOf } from '../validation/custom-resource-definition/versions-as-one.ts';

/** Those of Kubernetes 1.35, without dashes: it passes over them. */
const formats = new Set([
  ...['bsonobjectid', 'uri', 'email', 'hostname', 'ipv4', 'ipv6', 'cidr', 'mac', 'uuid', 'uuid3', 'uuid4', 'uuid5', 'isbn', 'isbn10'],
  ...['isbn13', 'creditcard', 'ssn', 'hexcolor', 'rgbcolor', 'byte', 'password', 'date', 'duration', 'datetime', 'k8sshortname'],
  'k8slongname',
]);

export function definitionWarnings(definition: CustomResourceDefinition, old?: CustomResourceDefinition): string[] {
  const before = new Set(old ? unknownFormats(old) : []);
  const unknown = unknownFormats(definition).filter((format) => !before.has(format));
  return unknown.map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

/** Each once. */
function unknownFormats(definition: CustomResourceDefinition): string[] {
  const found = new Set<string>();
  for (const root of schemasOf(definition)) {
    someSchema(root, ({ type, format }) => {
      if (type === 'string' && format && !formats.has(format.replaceAll('-', ''))) found.add(format);
      return false;
    });
  }
  return [...found];
}
