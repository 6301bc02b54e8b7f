// Which fields of an object another one has otherwise, as a person would name them. Items of a list are told apart by what identifies
// them where all of them have it (a container by its name, a condition by its type), else by their place.
import { isRecord } from './json.ts';

export interface FieldChange {
  /** Such as `spec.template.spec.containers[web].image`. */
  path: string;
  /** Absent where the field was not there. */
  before?: unknown;
  /** Absent where it no longer is. */
  after?: unknown;
}

/** What items are known by, the first that all of them have, each another value. */
const identities = ['name', 'type', 'key', 'uid', 'mountPath', 'containerPort', 'port', 'ip', 'topologyKey'];
/** Of these each key is a field, also of one that comes or goes as a whole. */
const maps = /(?:^|\.)(?:annotations|labels|matchLabels|nodeSelector|data|binaryData|stringData)$/;
/** Deeper than this, values are compared as a whole. */
const depthMax = 60;

/** In the order of the fields. @param isLeft whether what is at a path is left out, with all below it */
export function changedFields(before: unknown, after: unknown, isLeft: (path: string) => boolean = () => false): FieldChange[] {
  const changes: FieldChange[] = [];
  compare('', before, after, 0);
  return changes;

  function compare(path: string, a: unknown, b: unknown, depth: number): void {
    if (a === b || (path !== '' && isLeft(path))) return;
    const [from, to] = maps.test(path) ? [a ?? {}, b ?? {}] : [a, b];
    if (depth < depthMax && isRecord(from) && isRecord(to)) {
      for (const key of new Set([...Object.keys(from), ...Object.keys(to)]))
        compare(joined(path, key), own(from, key), own(to, key), depth + 1);
    } else if (depth < depthMax && Array.isArray(a) && Array.isArray(b)) compareLists(path, a, b, depth + 1);
    else if (!isSame(a, b)) changes.push({ path, ...(a !== undefined && { before: a }), ...(b !== undefined && { after: b }) });
  }

  function compareLists(path: string, a: unknown[], b: unknown[], depth: number): void {
    const identity = identityOf(a, b);
    if (identity !== undefined) {
      const [from, to] = [byIdentity(a, identity), byIdentity(b, identity)];
      for (const id of new Set([...from.keys(), ...to.keys()])) compare(`${path}[${id}]`, from.get(id), to.get(id), depth);
    } else if ([...a, ...b].some((item) => typeof item === 'object' && item !== null)) {
      for (let at = 0; at < Math.max(a.length, b.length); at++) compare(`${path}[${at}]`, a[at], b[at], depth);
    } else if (!isSame(a, b)) changes.push({ path, before: a, after: b });
  }
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || text(a) === text(b);
}

function text(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}

/** Names with dots and slashes, as of labels, stand in brackets. */
function joined(path: string, key: string): string {
  if (/^[\w-]+$/.test(key)) return path === '' ? key : `${path}.${key}`;
  return `${path}[${JSON.stringify(key)}]`;
}

function identityOf(a: unknown[], b: unknown[]): string | undefined {
  if (a.length + b.length === 0) return undefined;
  return identities.find((name) => identifies(a, name) && identifies(b, name));
}

function identifies(items: unknown[], name: string): boolean {
  const found = new Set<unknown>();
  for (const item of items) {
    const value = isRecord(item) ? own(item, name) : undefined;
    if ((typeof value !== 'string' && typeof value !== 'number') || found.has(value)) return false;
    found.add(value);
  }
  return true;
}

function byIdentity(items: unknown[], name: string): Map<unknown, unknown> {
  return new Map(items.map((item) => [isRecord(item) ? own(item, name) : undefined, item]));
}
