// The daemon set controller's place in the cluster: what it watches, and what its plan is told.
import { ControllerRevision, DaemonSet, Node, Pod } from '@berth/api';
import { type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { adoption } from '../adoption.ts';
import { controllerIndex, controllerIndexValues, controllerKey } from '../ownership.ts';
import { FailedPods } from './failed-pods.ts';
import { type ObservedDaemonSet, planDaemonSet } from './plan.ts';

const adopted = adoption(DaemonSet, Pod, ({ spec }) => spec.selector);

export function daemonSetController(): Controller<ObservedDaemonSet> {
  const failed = new FailedPods();
  return {
    name: 'daemonset-controller',
    owns: ['DaemonSet.status', 'Pod.metadata.ownerReferences[DaemonSet]', 'ControllerRevision[DaemonSet]'],
    writes: ['daemonsets.apps/status', 'pods', 'controllerrevisions.apps'],
    watches: [
      watches(DaemonSet, (set, caches) => {
        const { uid = '' } = set.metadata;
        if (caches.of(DaemonSet).get(keyOf(set))?.metadata.uid !== uid) failed.forget(uid);
        return [keyOf(set)];
      }),
      adopted.watch,
      watches(ControllerRevision, (revision) => controllerKey(revision, erased(DaemonSet))),
      // A heartbeat changes nothing that decides where daemons run.
      watches(Node, (node, caches, old) => (old && isSamePlace(node, old) ? [] : caches.of(DaemonSet).list().map(keyOf))),
    ],
    prepare(caches) {
      adopted.prepare(caches);
      caches.of(ControllerRevision).addIndex(controllerIndex, controllerIndexValues);
    },
    observe(key, caches) {
      const set = caches.of(DaemonSet).get(key);
      if (!set) return undefined;
      return {
        set,
        pods: adopted.candidates(set, caches),
        nodes: caches.of(Node).list(),
        revisions: caches.of(ControllerRevision).byIndex(controllerIndex, set.metadata.uid ?? ''),
        failedWaitMs: (node, pod, now) => failed.waitMs(set.metadata.uid ?? '', node, pod, now),
      };
    },
    plan: planDaemonSet,
  };
}

function isSamePlace(node: Node, old: Node): boolean {
  return deepEqual(node.metadata.labels, old.metadata.labels) && deepEqual(node.spec?.taints, old.spec?.taints);
}
