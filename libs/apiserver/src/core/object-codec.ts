// How objects become stored bytes and back. Stored JSON has no resourceVersion: it is the key's revision, spliced in right
// behind `"metadata":{` without parsing. So stored JSON always starts with apiVersion, kind, metadata, in that order.
import {
  apiVersionOf,
  deepClone,
  deepEqual,
  type FieldSet,
  isRecord,
  type KindDefinition,
  type KubeObject,
  keptOnce,
  knownText,
  type ManagedFieldsEntry,
  managedFieldsOf,
  parseExact,
} from '@berth/machinery';
import type { Encoded } from './types.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const versionMember = '"resourceVersion":"';

/** Members that JSON would not show go, so that an object looks the same whether it was parsed or not. */
export function freezeDeep<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    for (const item of value) freezeDeep(item);
    return Object.freeze(value);
  }
  const members = value as Record<string, unknown>;
  for (const key in members) {
    const inner = members[key];
    if (inner === undefined) delete members[key];
    else if (inner !== null && typeof inner === 'object') freezeDeep(inner);
  }
  return Object.freeze(value);
}

export function toBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

const heads = new WeakMap<object, Uint8Array>();

/** Every object of a kind starts with these bytes. */
export function headOf(kind: Pick<KindDefinition, 'group' | 'version' | 'kind'>): Uint8Array {
  let head = heads.get(kind);
  if (!head) {
    head = encoder.encode(`{"apiVersion":${JSON.stringify(apiVersionOf(kind))},"kind":${JSON.stringify(kind.kind)},"metadata":{`);
    heads.set(kind, head);
  }
  return head;
}

const headEnd = encoder.encode(',"metadata":{');
/** Of a group, a version and a kind as long as they may be. */
const headLengthMax = 600;

/** What these bytes start with, where they are of any version of a kind; undefined for what was written in another order. */
export function ownHead(bytes: Uint8Array): Uint8Array | undefined {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headLengthMax)).indexOf(headEnd);
  return end < 0 ? undefined : bytes.subarray(0, end + headEnd.length);
}

/** The stored form: no resourceVersion, members in the order that `withRevision` relies on. */
export function encodeStored(object: KubeObject): Uint8Array {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _omitted, managedFields, ...stored } = metadata as KubeObject['metadata'] & Managed;
  const managed = managedFields ? `{"managedFields":[${managedFields.map(entryText).join()}]}` : '{}';
  const metadataText = joined(JSON.stringify(stored), managed);
  return encoder.encode(joined(`{${JSON.stringify({ apiVersion, kind }).slice(1, -1)},"metadata":${metadataText}}`, JSON.stringify(rest)));
}

interface Managed {
  managedFields?: ManagedFieldsEntry[];
}

/** Most of a small object's JSON is about who owns what of it, and the same as that of others. */
function entryText(entry: ManagedFieldsEntry): string {
  const fields = entry.fieldsV1 && knownText(entry.fieldsV1);
  if (!fields) return JSON.stringify(entry);
  const { fieldsV1: _known, ...rest } = entry;
  return joined(JSON.stringify(rest), `{"fieldsV1":${fields}}`);
}

/** One JSON object of the members of both. */
function joined(a: string, b: string): string {
  if (a === '{}') return b;
  return b === '{}' ? a : `${a.slice(0, -1)},${b.slice(1)}`;
}

/** The JSON a client sees: stored (or already versioned) bytes with this revision as resourceVersion. */
export function withRevision(head: Uint8Array, bytes: Uint8Array, revision: number | string): Uint8Array {
  if (!startsWith(bytes, head)) return reencode(head, bytes, revision);
  const text = typeof revision === 'number' ? `${revision}"` : JSON.stringify(revision).slice(1);
  const member = encoder.encode(`${versionMember}${text},`);
  const rest = bytes.subarray(endOfVersion(bytes, head.length));
  const joined = new Uint8Array(head.length + member.length + rest.length);
  joined.set(head, 0);
  joined.set(member, head.length);
  joined.set(rest, head.length + member.length);
  return joined;
}

/** Past a resourceVersion member at `offset`, or `offset` itself when there is none. */
function endOfVersion(bytes: Uint8Array, offset: number): number {
  for (let i = 0; i < versionMember.length; i++) {
    if (bytes[offset + i] !== versionMember.charCodeAt(i)) return offset;
  }
  const comma = bytes.indexOf(0x2c, offset + versionMember.length);
  return comma < 0 ? offset : comma + 1;
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  if (bytes.length < head.length) return false;
  for (let i = 0; i < head.length; i++) if (bytes[i] !== head[i]) return false;
  return true;
}

/** For bytes that another version wrote in another order, or that were stored when another version of the kind was. */
function reencode(head: Uint8Array, bytes: Uint8Array, revision: number | string): Uint8Array {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = parseExact(decoder.decode(bytes)) as KubeObject;
  const { apiVersion, kind } = JSON.parse(`${decoder.decode(head)}}}`) as KubeObject;
  return toBytes({ apiVersion, kind, metadata: { ...metadata, resourceVersion: String(revision) }, ...rest });
}

/** Who owns what is most of a small object in memory, and the same of all that were made alike. */
function withFieldsKeptOnce(object: KubeObject): KubeObject {
  for (const entry of managedFieldsOf(object) ?? []) if (isRecord(entry.fieldsV1)) entry.fieldsV1 = keptOnce(entry.fieldsV1 as FieldSet);
  return object;
}

interface Known {
  object: KubeObject;
  /** Whose defaults it has. */
  kind: KindDefinition | undefined;
  entry?: Entry;
}

/** What bytes on their way into the store were made of: in one process they come back from it as the same array. */
const knownByBytes = new WeakMap<Uint8Array, Known>();

/**
 * Spares whoever reads these stored bytes from parsing them. From now on the object belongs to its entry.
 * @param kind whose defaults it has
 */
export function rememberStored(stored: Uint8Array, object: KubeObject, kind?: KindDefinition): void {
  knownByBytes.set(stored, { object, kind });
}

/** Whatever begins with the same bytes as all of its kind. */
function shownOrder({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject {
  const { resourceVersion, ...others } = metadata;
  return { apiVersion, kind, metadata: { resourceVersion, ...others }, ...rest } as KubeObject;
}

/** One object at one revision. Parsing waits until somebody needs more than the bytes. */
export class Entry implements Encoded {
  /** Relative to the kind's prefix. */
  readonly key: string;
  readonly revision: number;
  #bytes: Uint8Array;
  #object: KubeObject | undefined;
  #defaultedBy: KindDefinition | undefined;
  /** Whose defaults it gets once anybody looks at it: of thousands of objects that were stored before, few may ever be looked at. */
  #awaited: KindDefinition | undefined;

  constructor(key: string, revision: number, bytes: Uint8Array, object?: KubeObject, defaultedBy?: KindDefinition) {
    this.key = key;
    this.revision = revision;
    this.#bytes = bytes;
    this.#object = object && freezeDeep(object);
    this.#defaultedBy = defaultedBy;
  }

  get bytes(): Uint8Array {
    if (this.#awaited) this.#fillDefaults(this.#awaited);
    return this.#bytes;
  }

  get object(): KubeObject {
    if (this.#awaited) this.#fillDefaults(this.#awaited);
    return this.#parsed();
  }

  #parsed(): KubeObject {
    this.#object ??= freezeDeep(withFieldsKeptOnce(parseExact(decoder.decode(this.#bytes)) as KubeObject));
    return this.#object;
  }

  #fillDefaults(kind: KindDefinition): void {
    this.#awaited = undefined;
    this.#defaultedBy = kind;
    const before = this.#parsed();
    if (kind.lacksDefaults?.(before) === false) return;
    const object = deepClone(before);
    kind.defaults(object);
    if (deepEqual(object, before)) return;
    const ordered = shownOrder(object);
    this.#bytes = toBytes(ordered);
    this.#object = freezeDeep(ordered);
  }

  /** Nobody is expected to ask for the object again; whoever does has it parsed anew. */
  release(): void {
    this.#object = undefined;
  }

  static stored(head: Uint8Array, key: string, revision: number, value: Uint8Array): Entry {
    // Not what was known of another version of the kind, which was stored before.
    const known = startsWith(value, head) ? knownByBytes.get(value) : undefined;
    if (known?.entry?.revision === revision && known.entry.key === key) return known.entry;
    const bytes = withRevision(head, value, revision);
    if (!known || known.entry) return new Entry(key, revision, bytes);
    known.object.metadata.resourceVersion = String(revision);
    known.entry = new Entry(key, revision, bytes, known.object, known.kind);
    return known.entry;
  }

  /** The same object with defaults that came after it was stored. */
  withDefaults(kind: KindDefinition): Entry {
    if (this.#defaultedBy === kind || this.#awaited === kind) return this;
    const entry = new Entry(this.key, this.revision, this.#bytes, this.#object);
    entry.#awaited = kind;
    return entry;
  }

  /** What of the same revision is shown otherwise: with defaults, or in another version. */
  showing(object: KubeObject): Entry {
    const ordered = shownOrder(object);
    return new Entry(this.key, this.revision, toBytes(ordered), ordered);
  }

  /** Whether it starts as objects of this version of a kind do. */
  isOf(head: Uint8Array): boolean {
    return startsWith(this.#bytes, head);
  }

  /** The same object as of a later revision: what a DELETED event shows. */
  at(head: Uint8Array, revision: number): Entry {
    return new Entry(this.key, revision, withRevision(head, this.bytes, revision));
  }
}
