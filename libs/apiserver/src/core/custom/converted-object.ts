// What of a converted object is taken from a webhook: everything but metadata, of which it may change labels and annotations alone.
import { validateMetadataParts } from '@berth/api';
import { deepClone, fieldMessage, goKind, isRecord, type KubeObject } from '@berth/machinery';

type Tree = Record<string, unknown>;
type Texts = Record<string, string>;

/** @param place ` at index 3` of several. @throws Error in kube-apiserver's words */
export function acceptedObject(
  original: KubeObject,
  given: unknown,
  apiVersion: string,
  place: { isOne: boolean; index: number },
): KubeObject {
  const invalid = place.isOne ? 'returned invalid object' : `returned invalid converted object at index ${place.index}`;
  const atIndex = place.isOne ? `${invalid} at index 0` : invalid;
  if (!isRecord(given))
    throw new Error(`${invalid}: json: cannot unmarshal ${goKind(given)} into Go value of type map[string]interface {}`);
  if (typeof given.kind !== 'string' || given.kind === '')
    throw new Error(`${invalid}: Object 'Kind' is missing in '${JSON.stringify(given)}'`);
  if (given.apiVersion !== apiVersion) {
    throw new Error(`${atIndex}: invalid groupVersion (expected ${apiVersion}, received ${String(given.apiVersion ?? '')})`);
  }
  if (given.kind !== original.kind) throw new Error(`${atIndex}: invalid kind (expected ${original.kind}, received ${given.kind})`);
  requireSame(original, isRecord(given.metadata) ? given.metadata : {}, invalid);
  const metadata = prefixed(place.isOne ? 'returned invalid metadata' : `returned invalid metadata in object at index ${place.index}`, () =>
    metadataOf(original, given.metadata),
  );
  return { ...given, apiVersion, kind: original.kind, metadata } as KubeObject;
}

function prefixed<T>(prefix: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${prefix}: ${(error as Error).message}`, { cause: error });
  }
}

function requireSame({ metadata }: KubeObject, given: Tree, invalid: string): void {
  for (const [field, title] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, after] = [metadata[field] ?? '', typeof given[field] === 'string' ? given[field] : ''];
    if (before !== after) throw new Error(`${invalid}: must have the same ${title}: ${before} != ${after}`);
  }
}

function metadataOf(original: KubeObject, given: unknown): KubeObject['metadata'] {
  if (given === undefined) throw new Error('missing metadata in converted object');
  if (!isRecord(given)) throw new Error(`invalid metadata of type ${goType(given)} in converted object`);
  const metadata = deepClone(original.metadata);
  for (const field of ['labels', 'annotations'] as const) {
    const texts = textsOf(field, given[field]);
    if (!texts) delete metadata[field];
    else {
      if (isOther(texts, metadata[field])) validate(field, texts);
      metadata[field] = texts;
    }
  }
  return metadata;
}

function textsOf(field: string, given: unknown): Texts | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isRecord(given)) throw new Error(`invalid metadata.${field} of type ${goType(given)} in converted object`);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string')
      throw new Error(`metadata.${field}[${name}] must be a string, but is ${goType(value)} in converted object`);
  }
  return given as Texts;
}

function isOther(texts: Texts, before: Texts = {}): boolean {
  const names = Object.keys(texts);
  return names.length !== Object.keys(before).length || names.some((name) => before[name] !== texts[name]);
}

function validate(field: 'labels' | 'annotations', texts: Texts): void {
  const errors = validateMetadataParts({ metadata: { name: '', [field]: texts } });
  const told = errors.map((error) => `${error.field.replace('metadata.annotations', 'metadata.annotation')}: ${fieldMessage(error)}`);
  if (told.length > 0) throw new Error(told.length === 1 ? told[0] : `[${told.join(', ')}]`);
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  return isRecord(value) ? 'map[string]interface {}' : goKind(value);
}
