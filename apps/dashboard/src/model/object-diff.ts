// What differs between two states of an object, one line a field, items of lists named after what they are called rather than where
// they stand. What the server itself keeps (versions, managed fields, status) is left out.

export interface FieldChange {
  /** e.g. `spec.template.spec.containers[web].image` */
  path: string;
  /** As JSON; undefined where the field is not there. */
  before?: string;
  after?: string;
}

const keptByServer = new Set([
  // Items of lists lack them.
  'apiVersion',
  'kind',
  'status',
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.uid',
  'metadata.creationTimestamp',
]);
/** What items of lists are known by, the first that all have. */
const itemKeys = ['name', 'key', 'mountPath', 'type', 'ip', 'containerPort', 'port', 'uid'];

export function objectDiff(before: unknown, after: unknown): FieldChange[] {
  const [was, is] = [new Map<string, string>(), new Map<string, string>()];
  flatten(before, '', was);
  flatten(after, '', is);
  const changes: FieldChange[] = [];
  for (const path of new Set([...was.keys(), ...is.keys()])) {
    const [old, now] = [was.get(path), is.get(path)];
    if (old === now) continue;
    changes.push({ path, ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) });
  }
  return changes;
}

function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (keptByServer.has(path) || value === undefined || value === null) return;
  if (Array.isArray(value)) {
    const names = itemNames(value);
    for (const [index, item] of value.entries()) flatten(item, `${path}[${names[index]}]`, into);
    if (value.length === 0) into.set(path, '[]');
    return;
  }
  if (typeof value !== 'object') {
    into.set(path, JSON.stringify(value));
    return;
  }
  const entries = Object.entries(value);
  if (entries.length === 0 && path) into.set(path, '{}');
  for (const [key, member] of entries) flatten(member, joined(path, key), into);
}

/** Keys with dots, as of labels, stand in brackets. */
function joined(path: string, key: string): string {
  if (!/^[A-Za-z0-9_$-]+$/.test(key)) return `${path}[${key}]`;
  return path ? `${path}.${key}` : key;
}

function itemNames(items: unknown[]): string[] {
  const key = itemKeys.find((candidate) => {
    const values = items.map((item) => (item as Record<string, unknown> | null)?.[candidate]);
    return values.every((value) => typeof value === 'string' || typeof value === 'number') && new Set(values).size === values.length;
  });
  return items.map((item, index) => (key === undefined ? `${index}` : `${(item as Record<string, unknown>)[key]}`));
}
