// The two kinds that keep a number of equal pods: replica sets, and replication controllers, which select by a plain map.
import { Pod, ReplicaSet, ReplicationController } from '@berth/api';
import { type Controller, erased, watches } from '@berth/controller';
import { groupResourceOf, type KindDefinition, type KubeObject, keyOf, type LabelSelectorObject } from '@berth/machinery';
import { adoption } from '../adoption.ts';
import { controllerIndex, controllerIndexValues, controllerOf } from '../ownership.ts';
import { isActive } from '../pod-state.ts';
import { type ObservedReplicated, planReplicas, type Replicated } from './plan.ts';

interface Traits<T> {
  name: string;
  selectorOf(owner: T): LabelSelectorObject | undefined;
  countsTerminating: boolean;
}

export const replicaSetController = replicasController(ReplicaSet, {
  name: 'replicaset-controller',
  selectorOf: ({ spec }) => spec.selector,
  countsTerminating: true,
});

export const replicationController = replicasController(ReplicationController as KindDefinition<StoredReplicationController>, {
  name: 'replication-controller',
  selectorOf: ({ spec }) => ({ matchLabels: spec.selector ?? {} }),
  countsTerminating: false,
});

/** Validation lets none pass without a specification. */
type StoredReplicationController = ReplicationController & Required<Pick<ReplicationController, 'spec'>>;

function replicasController<T extends Replicated & KubeObject>(kind: KindDefinition<T>, traits: Traits<T>): Controller<ObservedReplicated> {
  const { name, selectorOf, countsTerminating } = traits;
  const adopted = adoption(kind, Pod, selectorOf);
  return {
    name,
    owns: [`${kind.kind}.status`, `Pod.metadata.ownerReferences[${kind.kind}]`],
    writes: ['pods', `${groupResourceOf(kind)}/status`],
    watches: [watches(kind, (owner) => [keyOf(owner)]), adopted.watch],
    prepare(caches) {
      adopted.prepare(caches);
      caches.of(kind).addIndex(controllerIndex, controllerIndexValues);
    },
    observe(key, caches) {
      const owner = caches.of(kind).get(key);
      if (!owner) return undefined;
      const pods = caches.of(Pod);
      const above = controllerOf(owner);
      const siblings = above ? caches.of(kind).byIndex(controllerIndex, above.uid) : [owner];
      const related = siblings.flatMap((sibling) => pods.byIndex(controllerIndex, sibling.metadata.uid ?? '')).filter(isActive);
      return {
        ...{ owner, kind: erased(kind), selector: selectorOf(owner), countsTerminating, related },
        pods: adopted.candidates(owner, caches),
      };
    },
    plan: planReplicas,
  };
}
