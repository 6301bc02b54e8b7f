// Waits, by watching, until workloads and pods are what they are awaited to be.
import { type DaemonSet, type Deployment, type Job, Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { serviceLabel } from '@berth/compose';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import { kindOf, selectorOf } from './project-kinds.ts';

export type State = 'started' | 'ready' | 'completed';

interface Watched<T extends KubeObject> {
  kind: KindDefinition<T>;
  /** Absent for what is of none. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/**
 * Until the objects that fit are as `isThere` says; asked again with each change. False when the signal ends it before.
 * @param isThere gets what there is, by name
 */
export async function until<T extends KubeObject>(
  client: HttpClient,
  { kind, ...query }: Watched<T>,
  isThere: (objects: ReadonlyMap<string, T>) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    const objects = new Map<string, T>();
    let isWhole = false;
    try {
      for await (const event of client.watch(kind, { ...query, signal })) {
        if (event.type === 'BOOKMARK') isWhole = true;
        else if (event.type === 'DELETED') objects.delete(event.object.metadata.name);
        else objects.set(event.object.metadata.name, event.object);
        // Before the first bookmark there may be more.
        if (isWhole && isThere(objects)) return true;
      }
    } catch (error) {
      // A watch whose version is gone begins anew.
      if (!isReason(error, 'Expired')) throw error;
    }
  }
  return false;
}

/** @throws Error when it has failed for good */
export function untilState(client: HttpClient, workload: KubeObject, state: State, signal: AbortSignal): Promise<boolean> {
  const { namespace = '', name, labels } = workload.metadata;
  if (state === 'started') {
    const labelSelector = `${selectorOf(namespace)},${serviceLabel}=${labels?.[serviceLabel]}`;
    const hasStarted = (pods: ReadonlyMap<string, Pod>) =>
      [...pods.values()].some(({ status }) => status?.phase === 'Running' || status?.phase === 'Succeeded');
    return until(client, { kind: Pod, namespace, labelSelector }, hasStarted, signal);
  }
  const isThere = (objects: ReadonlyMap<string, KubeObject>) => {
    const object = objects.get(name);
    return object !== undefined && isInState(object, state);
  };
  return until(client, { kind: kindOf(workload), namespace, fieldSelector: `metadata.name=${name}` }, isThere, signal);
}

/** @throws Error when it is a Job that has failed */
export function isInState(object: KubeObject, state: State): boolean {
  if (object.kind === 'Job') return isJobInState(object as Job, state);
  if (state === 'completed') return false;
  const { metadata, status } = object as Deployment | DaemonSet;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return false;
  if (object.kind === 'DaemonSet') {
    const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = (object as DaemonSet).status ?? {};
    return updatedNumberScheduled >= desiredNumberScheduled && numberAvailable >= desiredNumberScheduled;
  }
  const deployment = object as Deployment;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = deployment.status ?? {};
  const wanted = deployment.spec.replicas ?? 1;
  return updatedReplicas >= wanted && replicas <= updatedReplicas && availableReplicas >= wanted;
}

function isJobInState({ metadata, spec, status }: Job, state: State): boolean {
  const failed = status?.conditions?.find(({ type, status: is }) => type === 'Failed' && is === 'True');
  if (failed)
    throw new Error(
      `${metadata.name} has failed: ${failed.message || failed.reason}; berth compose logs ${metadata.name} shows its output`,
    );
  if (hasCompleted(status)) return true;
  if (state === 'completed') return false;
  return (status?.ready ?? 0) + (status?.succeeded ?? 0) >= (spec?.parallelism ?? 1);
}

function hasCompleted(status: Job['status']): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Complete' && is === 'True') ?? false;
}

/** Whether it runs nothing any more. */
export function hasEnded({ status }: Job): boolean {
  return status?.conditions?.some(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True') ?? false;
}
