// Which actions mend which problem: those of the workload that the object belongs to, as what is wrong with a pod stands in its template,
// and some of the object's own.
import type { Problem } from '@berth/causes';
import type { Action } from './actions/action.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { builtInType, type ResourceType, types } from './resource-types.ts';

export interface Typed {
  type: ResourceType;
  object: KubernetesObject;
}

export interface Mendable {
  /** What is wrong itself. */
  object: Typed | undefined;
  /** The Deployment, StatefulSet, DaemonSet or Job that it belongs to, or is. */
  workload: Typed | undefined;
}

/** What is there, by kind; kinds that are not listed are not looked for. */
export type Objects = Partial<Record<string, KubernetesObject[]>>;

export function mendableOf({ kind, namespace, name }: Pick<Problem, 'kind' | 'namespace' | 'name'>, objects: Objects): Mendable {
  const type = builtInType(kind);
  const object = find(objects, kind, namespace, name);
  if (!type || !object) return { object: undefined, workload: undefined };
  return { object: { type, object }, workload: workloadOf(type, object, objects) };
}

function workloadOf(type: ResourceType, object: KubernetesObject, objects: Objects): Typed | undefined {
  if (type.group === 'apps' && type.kind !== 'ReplicaSet') return { type, object };
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller);
  const ofOwner = builtInType(owner?.kind);
  if (!owner || !ofOwner) return undefined;
  const { namespace } = object.metadata;
  if (owner.kind === 'ReplicaSet') {
    // A replica set is called after its Deployment and a hash; replica sets themselves may not be listed.
    const deployment = find(objects, 'Deployment', namespace, owner.name.replace(/-[a-z0-9]+$/, ''));
    return deployment && { type: types.Deployment, object: deployment };
  }
  const found = find(objects, owner.kind, namespace, owner.name);
  return found && (ofOwner.group === 'apps' || ofOwner === types.Job) ? { type: ofOwner, object: found } : undefined;
}

function find(objects: Objects, kind: string, namespace: string | undefined, name: string): KubernetesObject | undefined {
  return objects[kind]?.find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === (namespace ?? ''));
}

/** Of a pod's workload, what changes its pods; the rest is on its page. */
const mending = /^(raise-memory-.*|roll-back|restart|resume)$/;

export function nextActions(ofWorkload: Action[], ofObject: Action[], isWorkloadItself: boolean): Action[] {
  // What a Job has left belongs to it: without the Job it goes.
  if (!isWorkloadItself && ofWorkload.some(({ kind }) => kind === 'Job'))
    return named([...ofWorkload.filter(({ id }) => id === 'delete'), ...ofObject]);
  if (isWorkloadItself) return ofWorkload.filter(({ id }) => mending.test(id) || id === 'scale');
  return named([...ofWorkload.filter(({ id }) => mending.test(id)), ...ofObject.filter(({ id }) => !id.includes('taint'))]);
}

/** Two objects' buttons stand side by side: each says which it is about. */
function named(actions: Action[]): Action[] {
  return actions.map((action) => ({
    ...action,
    label: action.id.startsWith('raise-memory') ? action.label : `${action.label} ${action.kind.toLowerCase()}`,
  }));
}
