// Values as YAML text: each object in full, since readers may refuse aliases.
import { stringify } from 'yaml';

export function yamlBytes(value: unknown): Uint8Array {
  return Buffer.from(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));
}
