// The JSON patch (RFC 6902) that makes one value of another: fields one by one, lists as a whole.
import { deepEqual, isRecord, own } from '@berth/machinery';

export interface PatchOperation {
  op: 'add' | 'remove' | 'replace';
  path: string;
  value?: unknown;
}

export function patchBetween(from: unknown, to: unknown, path = ''): PatchOperation[] {
  if (deepEqual(from, to)) return [];
  if (!isRecord(from) || !isRecord(to)) return [{ op: 'replace', path, value: to }];
  const operations: PatchOperation[] = [];
  for (const name of Object.keys(from)) {
    if (own(to, name) === undefined && from[name] !== undefined) operations.push({ op: 'remove', path: below(path, name) });
  }
  for (const [name, value] of Object.entries(to)) {
    if (value === undefined) continue;
    const at = below(path, name);
    const old = own(from, name);
    if (old === undefined) operations.push({ op: 'add', path: at, value });
    else operations.push(...patchBetween(old, value, at));
  }
  return operations;
}

function below(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
