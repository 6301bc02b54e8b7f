// What is needed around a workload to say what can be done with it: its pods, and the revisions that it can go back to.
import type { ControllerRevision, DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet } from '@berth/api';
import { type LabelSelectorObject, selectorText } from '@berth/machinery';
import { useMemo } from 'react';
import type { Around } from '../model/actions/actions.ts';
import { isKnown } from '../model/known.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { type ResourceType, types } from '../model/resource-types.ts';
import { controllerRevisions, deploymentRevisions, type Revision } from '../model/revisions.ts';
import { type TypedSource, useListing, within } from './listings.ts';
import type { Listing } from './watch-store.ts';

export interface WorkloadAround extends Around {
  revisions: Revision[];
  pods: Pod[];
  podListing: Listing<Pod>;
  areRevisionsKnown: boolean;
}

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job']);

/** Whether this kind has pods of its own. */
export function hasPods({ group, kind }: ResourceType): boolean {
  return workloads.has(kind) && ['', 'apps', 'batch'].includes(group);
}

export function useAround(type: ResourceType | undefined, object: KubernetesObject | undefined): WorkloadAround {
  const { metadata, spec } = (object ?? {}) as { metadata?: KubernetesObject['metadata']; spec?: { selector?: LabelSelectorObject } };
  const namespace = metadata?.namespace;
  const labelSelector = useMemo(() => selectorOf(type, spec?.selector), [type, spec?.selector]);
  const isWorkload = type !== undefined && object !== undefined && hasPods(type) && labelSelector !== '';
  const of = <T>(wanted: ResourceType, isNeeded: boolean): TypedSource<T> | undefined =>
    isNeeded ? { ...within<T>(wanted, namespace), labelSelector } : undefined;
  const isDeployment = isWorkload && type.kind === 'Deployment';
  const hasControllerRevisions = isWorkload && (type.kind === 'StatefulSet' || type.kind === 'DaemonSet');
  const pods = useListing(of<Pod>(types.Pod, isWorkload));
  const sets = useListing(of<ReplicaSet>(types.ReplicaSet, isDeployment));
  const kept = useListing(of<ControllerRevision>(types.ControllerRevision, hasControllerRevisions));
  return useMemo(() => {
    const revisions = isDeployment
      ? deploymentRevisions(object as Deployment, sets.items)
      : hasControllerRevisions
        ? controllerRevisions(object as unknown as StatefulSet | DaemonSet, kept.items)
        : [];
    return { revisions, pods: pods.items, podListing: pods, areRevisionsKnown: isKnown(sets, kept) };
  }, [isDeployment, hasControllerRevisions, object, sets, kept, pods]);
}

/** A replication controller's is a plain map. */
function selectorOf(type: ResourceType | undefined, selector: LabelSelectorObject | undefined): string {
  if (!selector) return '';
  const isMap = type?.kind === 'ReplicationController';
  return selectorText(isMap ? { matchLabels: selector as Record<string, string> } : selector);
}
