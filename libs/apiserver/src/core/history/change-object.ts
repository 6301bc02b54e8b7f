// One write of the store as a Change: what was written, by whom, and what that means.
import { type Change, type ChangeField, describeChange } from '@berth/api';
import { type FieldChange, type KindDefinition, type KubeObject, parseExact } from '@berth/machinery';
import { splitKey } from '../keys.ts';
import { readAuthor } from '../write-author.ts';
import { iso, type PastEvent } from './past.ts';

const decoder = new TextDecoder();
/** Of a list's changes, so that a list stays small; of one change that is asked for, more. */
export const listedFieldsMax = 20;
export const shownFieldsMax = 500;
const valueLengthMax = 300;

/** Where an object's key says it is. */
export interface Place {
  group: string;
  plural: string;
  namespace: string | undefined;
  name: string;
}

/** @returns undefined for keys that are no objects', such as what reserves a port */
export function placeOf(key: string): Place | undefined {
  const split = splitKey(key);
  if (!split) return undefined;
  const [group = '', plural = ''] = split.prefix.slice('/registry/'.length).split('/');
  if (group === 'ranges') return undefined;
  const slash = split.rest.indexOf('/');
  const namespace = slash < 0 ? undefined : split.rest.slice(0, slash);
  return { group: group === 'core' ? '' : group, plural, namespace, name: split.rest.slice(slash + 1) };
}

/** Changes of what has no namespace are where their events are. */
export const clusterNamespace = 'default';

/** Unique, as a revision writes an object once. */
export function changeName(revision: number, { plural, name }: Place): string {
  return `${revision}.${plural}.${name}`;
}

/** @param kinds those that there are today */
export function changeOf(event: PastEvent, place: Place, kinds: readonly KindDefinition[], fieldsMax: number): Change {
  const { kv, previous, type, origin } = event;
  const before = previous && read(previous.value);
  const after = type === 'put' ? read(kv.value) : undefined;
  const author = origin?.author === undefined ? undefined : readAuthor(origin.author);
  const described = describe(before, after, kv.version, author?.verb);
  const fields = described.fields.slice(0, fieldsMax).map(fieldOf);
  const atMs = origin?.atMs;
  return {
    apiVersion: 'history.berth.io/v1alpha1',
    kind: 'Change',
    metadata: {
      name: changeName(kv.modRevision, place),
      namespace: place.namespace ?? clusterNamespace,
      ...(atMs !== undefined && { creationTimestamp: `${iso(atMs).slice(0, 19)}Z` }),
      resourceVersion: String(kv.modRevision),
    },
    time: atMs === undefined ? '' : iso(atMs),
    type: described.type,
    action: described.action,
    object: objectOf(after ?? before, place, kinds),
    ...(author && { user: author.user, verb: author.verb, client: author.client }),
    message: described.message,
    ...(fields.length > 0 && { fields }),
    ...(described.fields.length > fields.length && { fieldsLeftOut: described.fields.length - fields.length }),
    ...(described.isRoutine && { routine: true }),
  };
}

function describe(before: KubeObject | undefined, after: KubeObject | undefined, version: number, verb: string | undefined) {
  if (!before && !after) return { type: 'Deleted', action: 'Deleted', message: 'deleted', fields: [], isRoutine: false };
  if (before || version === 1) return describeChange({ ...(before && { before }), ...(after && { after }), ...(verb && { verb }) });
  return { type: 'Updated', action: 'Updated', message: 'changed; what it was before is no longer kept', fields: [], isRoutine: false };
}

function objectOf(object: KubeObject | undefined, place: Place, kinds: readonly KindDefinition[]): Change['object'] {
  const { group, plural, namespace, name } = place;
  const kind = kinds.find((one) => one.group === group && one.plural === plural);
  const version = kind ? kind.version : 'v1';
  const uid = object?.metadata.uid;
  return {
    apiVersion: object?.apiVersion ?? (group === '' ? version : `${group}/${version}`),
    kind: object?.kind ?? kind?.kind ?? plural,
    resource: plural,
    ...(namespace !== undefined && { namespace }),
    name,
    ...(uid !== undefined && { uid }),
  };
}

function fieldOf({ path, before, after }: FieldChange): ChangeField {
  return { path, ...(before !== undefined && { before: valueText(before) }), ...(after !== undefined && { after: valueText(after) }) };
}

function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner));
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax)}…`;
}

function read(value: Uint8Array): KubeObject | undefined {
  return value.length === 0 ? undefined : (parseExact(decoder.decode(value)) as KubeObject);
}
