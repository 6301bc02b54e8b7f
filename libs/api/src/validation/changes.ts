// Which fields of two JSON values differ: what an immutability error shows.

const changesShownMax = 5;

export interface Change {
  path: string;
  next: unknown;
  old: unknown;
}

/** Leaves at which the two values differ; absent, null, zero and empty count as the same, as in Kubernetes' own types. */
export function changes(next: unknown, old: unknown, path = ''): Change[] {
  if (isEmpty(next) && isEmpty(old)) return [];
  if (Array.isArray(next) && Array.isArray(old) && next.length === old.length) {
    return next.flatMap((item, index) => changes(item, old[index], `${path}[${index}]`));
  }
  if (isObject(next) && isObject(old)) {
    const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
    return [...keys].flatMap((key) => changes(next[key], old[key], path ? `${path}.${key}` : key));
  }
  return next === old ? [] : [{ path, next, old }];
}

export function isEqual(a: unknown, b: unknown): boolean {
  return changes(a, b).length === 0;
}

/** Kubernetes prints a Go diff here; this prints each changed field with both values. */
export function describeChanges(next: unknown, old: unknown, root: string): string {
  const all = changes(next, old);
  const lines = all.slice(0, changesShownMax).map((change) => `  ${root}.${change.path}: ${show(change.old)} -> ${show(change.next)}`);
  if (all.length > changesShownMax) lines.push(`  and ${all.length - changesShownMax} more`);
  return lines.join('\n');
}

function show(value: unknown): string {
  return value === undefined ? '(none)' : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}
