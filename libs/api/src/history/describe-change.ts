// What a change of an object was, in a sentence: what the fields that changed mean for those who look after a cluster. What changes all the
// time and says nothing (leases, events, statuses that count) is routine. Of secrets nothing is shown but which keys changed.
import { changedFields, type FieldChange, type KubeObject } from '@berth/machinery';
import { specSentences } from './spec-sentences.ts';
import { statusSentences } from './status-sentences.ts';

export type ChangeType = 'Created' | 'Updated' | 'Deleted';

export interface ChangedObject {
  /** Absent where it was created. */
  before?: KubeObject;
  /** Absent where it was deleted. */
  after?: KubeObject;
  /** With which it was asked for, such as `create/eviction`; absent where nobody knows. */
  verb?: string;
}

export interface DescribedChange {
  type: ChangeType;
  /** One word for the sort of change: Scaled, Evicted, Updated, Status … */
  action: string;
  message: string;
  fields: FieldChange[];
  isRoutine: boolean;
}

/** Written all the time by what runs a cluster. */
const routineKinds = new Set(['Lease', 'Event', 'EndpointSlice', 'Endpoints', 'IPAddress', 'CSIStorageCapacity', 'ControllerRevision']);
/** What says nothing about what an object is. */
const leftOut = new Set([
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]',
]);
const namedMax = 4;

export function describeChange({ before, after, verb = '' }: ChangedObject): DescribedChange {
  const object = after ?? before;
  if (!object) throw new TypeError('a change is of an object that was or is');
  const isRoutine = routineKinds.has(object.kind);
  if (!before) return { type: 'Created', action: 'Created', message: created(object), fields: [], isRoutine };
  if (!after) return { type: 'Deleted', action: 'Deleted', message: 'deleted', fields: [], isRoutine };
  const fields = hidden(
    object,
    changedFields(before, after, (path) => leftOut.has(path)),
  );
  const [action, message] = updated(before, after, fields, verb);
  return { type: 'Updated', action, message, fields, isRoutine: isRoutine || message === '' };
}

function created(object: KubeObject): string {
  const { spec = {} } = object as { spec?: { replicas?: number; template?: { spec?: PodSpecLike } } };
  const { replicas, template } = spec;
  const images = template?.spec?.containers?.map(({ image = '' }) => image).join(', ');
  const parts = [replicas !== undefined && `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`, images].filter((part) => part);
  return parts.length > 0 ? `created: ${parts.join(' of ')}` : 'created';
}

interface PodSpecLike {
  containers?: { name: string; image?: string }[];
}

/** @returns an empty message for what is routine */
function updated(before: KubeObject, after: KubeObject, fields: FieldChange[], verb: string): [action: string, message: string] {
  if (!before.metadata.deletionTimestamp && after.metadata.deletionTimestamp) {
    return verb === 'create/eviction' ? ['Evicted', 'evicted: its deletion began'] : ['Deleting', 'deletion began'];
  }
  const sentences = [...specSentences(before, after, fields), ...statusSentences(before, after)];
  const [first] = sentences;
  const rest = fields.filter(({ path }) => !path.startsWith('status') && !isSaid(path, after));
  const others = rest.length > 0 && sentences.every(({ isWhole }) => !isWhole) ? [`changed ${named(rest)}`] : [];
  const message = [...sentences.map((sentence) => sentence.text), ...others].join('; ');
  return [first?.action ?? (others.length > 0 ? 'Updated' : 'Status'), message];
}

/** Said by the server or a controller, and by nobody who wanted something. */
function isSaid(path: string, { kind }: KubeObject): boolean {
  if (path === 'metadata.annotations["deployment.kubernetes.io/revision"]') return true;
  return kind === 'ReplicaSet' && path.startsWith('metadata.annotations["deployment.kubernetes.io/');
}

function named(fields: FieldChange[]): string {
  const names = [...new Set(fields.map(({ path }) => path))];
  const more = names.length - namedMax;
  return more > 0 ? `${names.slice(0, namedMax).join(', ')} and ${more} more` : names.join(', ');
}

/** What of a secret may be shown: nothing that anybody could put a password into. */
const plainOfSecrets = /^(?:type|immutable|metadata\.(?:labels|finalizers|ownerReferences|deletionTimestamp))/;

/** Not what it was and not what it is: whoever may read the secret has other ways to. */
function hidden({ kind, apiVersion }: KubeObject, fields: FieldChange[]): FieldChange[] {
  if (kind !== 'Secret' || apiVersion !== 'v1') return fields;
  return fields.map((field) => (plainOfSecrets.test(field.path) ? field : { path: field.path }));
}
