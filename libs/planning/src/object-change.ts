// What applying an object would do, asked of the server with a dry run: made, changed (with a diff), left as it is, or refused.
import type { Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, isRecord, type KindDefinition, type KubeObject, StatusError, unifiedDiff } from '@berth/machinery';
import { stringify } from 'yaml';

export type Action = 'created' | 'changed' | 'unchanged' | 'refused' | 'unchecked';

export interface ObjectChange {
  /** Such as `Deployment shop/web`. */
  object: string;
  action: Action;
  /** Unified, of YAML; of what is changed. */
  diff?: string;
  /** In the server's words. */
  refusal?: string;
  notes: string[];
}

export interface Changed extends ObjectChange {
  kind: KindDefinition | undefined;
  before: KubeObject | undefined;
  /** As it would be; as given where the server could not be asked. */
  after: KubeObject;
}

const manager = 'berth-plan';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export function titleOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
}

/** @param made namespaces and kinds that the plan itself makes first */
export async function changeOf(client: Client, kind: KindDefinition, object: KubeObject, made: ReadonlySet<string>): Promise<Changed> {
  const { name, namespace } = object.metadata;
  const key = { name, ...(namespace && { namespace }) };
  const common = { object: titleOf(object), kind };
  let before: KubeObject | undefined;
  try {
    before = await client.get(kind, key);
  } catch (error) {
    if (!isReason(error, 'NotFound')) return refused(common, object, before, error);
  }
  if (namespace && made.has(`namespace/${namespace}`)) {
    return {
      ...common,
      action: 'unchecked',
      before,
      after: object,
      notes: ['the server is not asked: its namespace is made by the same files'],
    };
  }
  try {
    const fieldManager = managerOf(before);
    const after = await client.patch(kind, key, 'apply', object, { dryRun: true, force: true, fieldManager });
    const notes = before ? takenAway(before, object) : [];
    if (!before) return { ...common, action: 'created', before, after, notes };
    const diff = diffOf(before, after);
    return diff === ''
      ? { ...common, action: 'unchanged', before, after, notes }
      : { ...common, action: 'changed', diff, before, after, notes };
  } catch (error) {
    return refused(common, object, before, error);
  }
}

function refused(
  common: { object: string; kind: KindDefinition },
  after: KubeObject,
  before: KubeObject | undefined,
  error: unknown,
): Changed {
  if (!(error instanceof StatusError)) throw error;
  return { ...common, action: 'refused', refusal: error.message, before, after, notes: [] };
}

/** Whoever applied it on the server before owns what would be taken away. */
function managerOf(before: KubeObject | undefined): string {
  const { managedFields } = (before?.metadata ?? {}) as Pod['metadata'];
  return managedFields?.find(({ operation }) => operation === 'Apply')?.manager ?? manager;
}

/** What the last `kubectl apply` set and the file has no more: `kubectl apply` would take it away, which a dry run on the server does not show. */
function takenAway(before: KubeObject, object: KubeObject): string[] {
  const text = before.metadata.annotations?.[lastApplied];
  if (!text) return [];
  let last: unknown;
  try {
    last = JSON.parse(text);
  } catch {
    // Somebody wrote something else there; kubectl would refuse it, and there is nothing to compare with.
    return [];
  }
  const paths = gone(last, object, '');
  return paths.length === 0 ? [] : [`kubectl apply would also take away: ${paths.join(', ')}`];
}

function gone(old: unknown, now: unknown, path: string): string[] {
  if (!isRecord(old) || !isRecord(now)) return [];
  return Object.keys(old).flatMap((name) => {
    const at = path ? `${path}.${name}` : name;
    // kubectl writes these empty ones by itself.
    if (name === 'creationTimestamp' || name === 'status' || (isRecord(old[name]) && Object.keys(old[name]).length === 0)) return [];
    return name in now ? gone(old[name], now[name], at) : [at];
  });
}

function diffOf(before: KubeObject, after: KubeObject): string {
  const [old, next] = masked(essence(before), essence(after));
  const [a, b] = [stringify(old), stringify(next)];
  return a === b ? '' : unifiedDiff(a.trimEnd().split('\n'), b.trimEnd().split('\n'));
}

/** Without what the server writes by itself. */
function essence(object: KubeObject): Record<string, unknown> {
  const { status: _status, ...rest } = object as KubeObject & { status?: unknown };
  const {
    managedFields: _f,
    resourceVersion: _v,
    uid: _u,
    creationTimestamp: _c,
    generation: _g,
    annotations = {},
    ...metadata
  } = object.metadata as Pod['metadata'];
  const { [lastApplied]: _last, ...others } = annotations;
  return { ...rest, metadata: { ...metadata, ...(Object.keys(others).length > 0 && { annotations: others }) } };
}

/** Of secrets it is only shown which values are others. */
function masked(before: Record<string, unknown>, after: Record<string, unknown>): [Record<string, unknown>, Record<string, unknown>] {
  if (before.kind !== 'Secret') return [before, after];
  const [old, next] = [valuesOf(before), valuesOf(after)];
  const hide = (values: Record<string, unknown>, others: Record<string, unknown>, which: string) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, others[name] === value ? '***' : `*** (${which})`]));
  return [
    { ...before, data: hide(old, next, 'before') },
    { ...after, data: hide(next, old, 'after') },
  ];
}

function valuesOf({ data }: Record<string, unknown>): Record<string, unknown> {
  return isRecord(data) ? data : {};
}
