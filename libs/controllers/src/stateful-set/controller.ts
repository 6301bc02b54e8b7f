// The stateful set controller's place in the cluster: what it watches, and what its plan is told.
import { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '@berth/api';
import { type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { adoption } from '../adoption.ts';
import { controllerIndex, controllerIndexValues, controllerKey } from '../ownership.ts';
import { type ObservedStatefulSet, planStatefulSet } from './plan.ts';

const adopted = adoption(StatefulSet, Pod, ({ spec }) => spec.selector);

export const statefulSetController: Controller<ObservedStatefulSet> = {
  name: 'statefulset-controller',
  owns: ['StatefulSet.status', 'Pod.metadata.ownerReferences[StatefulSet]', 'ControllerRevision[StatefulSet]'],
  writes: ['statefulsets.apps/status', 'pods', 'controllerrevisions.apps', 'persistentvolumeclaims'],
  watches: [
    watches(StatefulSet, (set) => [keyOf(set)]),
    adopted.watch,
    watches(ControllerRevision, (revision) => controllerKey(revision, erased(StatefulSet))),
    watches(PersistentVolumeClaim, () => []),
  ],
  prepare(caches) {
    adopted.prepare(caches);
    caches.of(ControllerRevision).addIndex(controllerIndex, controllerIndexValues);
  },
  observe(key, caches) {
    const set = caches.of(StatefulSet).get(key);
    if (!set) return undefined;
    const { uid = '', namespace = '' } = set.metadata;
    return {
      set,
      pods: adopted.candidates(set, caches),
      revisions: caches.of(ControllerRevision).byIndex(controllerIndex, uid),
      claim: (name) => caches.of(PersistentVolumeClaim).get(keyOf({ metadata: { namespace, name } })),
    };
  },
  plan: planStatefulSet,
};
