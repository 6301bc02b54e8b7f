// One compose file over another, as `-f a -f b` and `extends` have it: mappings are merged, lists appended, and what is one value, or one
// command, is replaced. What has a name or a target is a mapping here already.
import { isRecord } from '@berth/machinery';
import { type Path, pathText } from '../source/located-document.ts';

const replacedLists = new Set(['command', 'entrypoint', 'test']);

export interface Tags {
  resets: ReadonlySet<string>;
  overrides: ReadonlySet<string>;
}

export const noTags: Tags = { resets: new Set(), overrides: new Set() };

/** @param path of both, as the file of `over` has it */
export function merged(base: unknown, over: unknown, path: Path = [], tags: Tags = noTags): unknown {
  const where = pathText(path);
  if (tags.resets.has(where)) return undefined;
  if (base === undefined || base === null || tags.overrides.has(where)) return over;
  if (over === undefined || over === null) return base;
  if (Array.isArray(base) && Array.isArray(over)) {
    if (replacedLists.has(String(path.at(-1)))) return over;
    const known = new Set(base.map((item) => JSON.stringify(item)));
    return [...base, ...over.filter((item) => !known.has(JSON.stringify(item)))];
  }
  if (!isRecord(base) || !isRecord(over)) return over;
  const result: Record<string, unknown> = { ...base };
  for (const key of new Set([...Object.keys(over), ...resetsBelow(where, Object.keys(base), tags)])) {
    const value = merged(base[key], over[key], [...path, key], tags);
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return result;
}

/** Keys that are taken away, of which the file may say nothing else. */
function resetsBelow(where: string, keys: string[], { resets }: Tags): string[] {
  return keys.filter((key) => resets.has(where === '' ? key : `${where}.${key}`));
}
