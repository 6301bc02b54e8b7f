// The stateful set controller's place in the cluster: what it watches, and what its plan is told.
import { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '@berth/api';
import { type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import {
  controllerIndex,
  controllerIndexValues,
  controllerKey,
  controllerOf,
  namespaceIndex,
  namespaceIndexValues,
  orphansOf,
  possibleOwners,
} from '../ownership.ts';
import { type ObservedStatefulSet, planStatefulSet } from './plan.ts';

export const statefulSetController: Controller<ObservedStatefulSet> = {
  name: 'statefulset-controller',
  owns: ['StatefulSet.status', 'Pod.metadata.ownerReferences[StatefulSet]', 'ControllerRevision[StatefulSet]'],
  watches: [
    watches(StatefulSet, (set) => [keyOf(set)]),
    watches(Pod, (pod, caches) =>
      controllerOf(pod) ? controllerKey(pod, erased(StatefulSet)) : possibleOwners(StatefulSet, pod, caches, ({ spec }) => spec.selector),
    ),
    watches(ControllerRevision, (revision) => controllerKey(revision, erased(StatefulSet))),
    watches(PersistentVolumeClaim, () => []),
  ],
  prepare(caches) {
    caches.of(Pod).addIndex(controllerIndex, controllerIndexValues);
    caches.of(ControllerRevision).addIndex(controllerIndex, controllerIndexValues);
    caches.of(StatefulSet).addIndex(namespaceIndex, namespaceIndexValues);
  },
  observe(key, caches) {
    const set = caches.of(StatefulSet).get(key);
    if (!set) return undefined;
    const { uid = '', namespace = '' } = set.metadata;
    const pods = caches.of(Pod);
    return {
      set,
      pods: [...pods.byIndex(controllerIndex, uid), ...pods.byIndex(controllerIndex, orphansOf(namespace))],
      revisions: caches.of(ControllerRevision).byIndex(controllerIndex, uid),
      claim: (name) => caches.of(PersistentVolumeClaim).get(keyOf({ metadata: { namespace, name } })),
    };
  },
  plan: planStatefulSet,
};
