// The stateful set controller's place in the cluster: what it watches, and what its plan is told.
import { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '@berth/api';
import { type Caches, type Controller, erased, watches } from '@berth/controller';
import { keyOf, labelSelectorFrom } from '@berth/machinery';
import { controllerIndex, controllerIndexValues, controllerKey, controllerOf, orphansOf } from '../ownership.ts';
import { type ObservedStatefulSet, planStatefulSet } from './plan.ts';

const namespaceIndex = 'namespace';

export const statefulSetController: Controller<ObservedStatefulSet> = {
  name: 'statefulset-controller',
  owns: ['StatefulSet.status', 'Pod.metadata.ownerReferences[StatefulSet]', 'ControllerRevision[StatefulSet]'],
  watches: [
    watches(StatefulSet, (set) => [keyOf(set)]),
    watches(Pod, (pod, caches) => (controllerOf(pod) ? controllerKey(pod, erased(StatefulSet)) : possibleOwners(pod, caches))),
    watches(ControllerRevision, (revision) => controllerKey(revision, erased(StatefulSet))),
    watches(PersistentVolumeClaim, () => []),
  ],
  prepare(caches) {
    caches.of(Pod).addIndex(controllerIndex, controllerIndexValues);
    caches.of(ControllerRevision).addIndex(controllerIndex, controllerIndexValues);
    caches.of(StatefulSet).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
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

function possibleOwners(pod: Pod, caches: Caches): string[] {
  if (pod.metadata.deletionTimestamp) return [];
  const candidates = caches.of(StatefulSet).byIndex(namespaceIndex, pod.metadata.namespace ?? '');
  return candidates.filter(({ spec }) => labelSelectorFrom(spec.selector).matches(pod.metadata.labels)).map((found) => keyOf(found));
}
