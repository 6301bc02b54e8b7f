// The daemon set controller's place in the cluster: what it watches, and what its plan is told.
import { ControllerRevision, DaemonSet, Node, Pod } from '@berth/api';
import { type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
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
import { type ObservedDaemonSet, planDaemonSet } from './plan.ts';

export const daemonSetController: Controller<ObservedDaemonSet> = {
  name: 'daemonset-controller',
  owns: ['DaemonSet.status', 'Pod.metadata.ownerReferences[DaemonSet]', 'ControllerRevision[DaemonSet]'],
  watches: [
    watches(DaemonSet, (set) => [keyOf(set)]),
    watches(Pod, (pod, caches) =>
      controllerOf(pod) ? controllerKey(pod, erased(DaemonSet)) : possibleOwners(DaemonSet, pod, caches, ({ spec }) => spec.selector),
    ),
    watches(ControllerRevision, (revision) => controllerKey(revision, erased(DaemonSet))),
    // A heartbeat changes nothing that decides where daemons run.
    watches(Node, (node, caches, old) => (old && isSamePlace(node, old) ? [] : caches.of(DaemonSet).list().map(keyOf))),
  ],
  prepare(caches) {
    caches.of(Pod).addIndex(controllerIndex, controllerIndexValues);
    caches.of(ControllerRevision).addIndex(controllerIndex, controllerIndexValues);
    caches.of(DaemonSet).addIndex(namespaceIndex, namespaceIndexValues);
  },
  observe(key, caches) {
    const set = caches.of(DaemonSet).get(key);
    if (!set) return undefined;
    const { uid = '', namespace = '' } = set.metadata;
    const pods = caches.of(Pod);
    return {
      set,
      pods: [...pods.byIndex(controllerIndex, uid), ...pods.byIndex(controllerIndex, orphansOf(namespace))],
      nodes: caches.of(Node).list(),
      revisions: caches.of(ControllerRevision).byIndex(controllerIndex, uid),
    };
  },
  plan: planDaemonSet,
};

function isSamePlace(node: Node, old: Node): boolean {
  return deepEqual(node.metadata.labels, old.metadata.labels) && deepEqual(node.spec?.taints, old.spec?.taints);
}
