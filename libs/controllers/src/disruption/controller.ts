// Keeps the status of disruption budgets: how many of their pods are healthy, and how many may be evicted.
import { Deployment, Pod, PodDisruptionBudget, ReplicaSet, ReplicationController, StatefulSet } from '@berth/api';
import { type Caches, type Controller, watches } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf, labelSelectorFrom, type OwnerReference } from '@berth/machinery';
import { customKind, customScaled, groupOf, scaleOf as scaleOfCustom } from '../custom-scale.ts';
import { controllerOf } from '../ownership.ts';
import { type ObservedBudget, planBudget } from './budget.ts';

const namespaceIndex = 'namespace';

type Scaled = KubeObject & { spec: { replicas?: number } };

const scaledKinds = [Deployment, ReplicaSet, ReplicationController, StatefulSet] as unknown as KindDefinition<Scaled>[];

export const disruptionController: Controller<ObservedBudget> = {
  name: 'disruption-controller',
  owns: ['PodDisruptionBudget.status'],
  writes: ['poddisruptionbudgets.policy/status'],
  watches: [
    watches(PodDisruptionBudget, (budget) => [keyOf(budget)]),
    watches(Pod, (pod, caches) => {
      const budgets = caches.of(PodDisruptionBudget).byIndex(namespaceIndex, pod.metadata.namespace ?? '');
      return budgets.filter((budget) => selects(budget, pod)).map((budget) => keyOf(budget));
    }),
    ...scaledKinds.map((kind) => watches(kind, budgetsOfScale)),
  ],
  watchesCustom: (kind) => watches(kind, (object, caches, old) => budgetsOfCustom(kind, object, caches, old)),
  prepare(caches) {
    for (const kind of [PodDisruptionBudget, Pod] as unknown as KindDefinition[]) {
      caches.of(kind).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
    }
  },
  observe(key, caches) {
    const budget = caches.of(PodDisruptionBudget).get(key);
    if (!budget || budget.metadata.deletionTimestamp) return undefined;
    const inNamespace = caches.of(Pod).byIndex(namespaceIndex, budget.metadata.namespace ?? '');
    const pods = inNamespace.filter((pod) => selects(budget, pod));
    return { budget, pods, scale: scaleOf(pods, caches) };
  },
  plan: planBudget,
};

/** Status changes are seen through the pods; only the wanted number matters. */
function budgetsOfScale(object: Scaled, caches: Caches, old?: Scaled): string[] {
  if (old?.spec.replicas === object.spec.replicas) return [];
  const budgets = caches.of(PodDisruptionBudget).byIndex(namespaceIndex, object.metadata.namespace ?? '');
  return budgets.map((budget) => keyOf(budget));
}

function budgetsOfCustom(kind: KindDefinition, object: KubeObject, caches: Caches, old?: KubeObject): string[] {
  const scale = scaleOfCustom(kind, object);
  if (!scale || (old && scaleOfCustom(kind, old)?.replicas === scale.replicas)) return [];
  return caches
    .of(PodDisruptionBudget)
    .byIndex(namespaceIndex, object.metadata.namespace ?? '')
    .map((budget) => keyOf(budget));
}

/** A budget without a selector selects nothing, one with an empty selector everything. */
function selects({ metadata, spec }: PodDisruptionBudget, pod: Pod): boolean {
  if (!spec.selector || pod.metadata.namespace !== metadata.namespace) return false;
  return labelSelectorFrom(spec.selector).matches(pod.metadata.labels);
}

/** Sum over the controllers that the pods have; pods without one do not count. */
function scaleOf(pods: Pod[], caches: Caches): number | undefined {
  const scales = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner) continue;
    const replicas = replicasOf(owner, pod.metadata.namespace ?? '', caches);
    if (!replicas) return undefined;
    scales.set(replicas.uid, replicas.count);
  }
  return [...scales.values()].reduce((sum, count) => sum + count, 0);
}

/** Of a pod's controller, or of the Deployment above it. */
function replicasOf(owner: OwnerReference, namespace: string, caches: Caches): { uid: string; count: number } | undefined {
  const scaled = scaledOwner(owner, namespace, caches);
  if (scaled) return { uid: scaled.metadata.uid ?? '', count: scaled.spec.replicas ?? 1 };
  const kind = customKind(caches, groupOf(owner.apiVersion), owner.kind);
  const custom = kind && customScaled(caches, kind, namespace, owner.name);
  if (!custom?.scale || custom.object.metadata.uid !== owner.uid) return undefined;
  return { uid: owner.uid, count: custom.scale.replicas ?? 0 };
}

function scaledOwner({ kind: name, name: ownerName, uid }: OwnerReference, namespace: string, caches: Caches): Scaled | undefined {
  const kind = scaledKinds.find((candidate) => candidate.kind === name);
  const found = kind && caches.of(kind).get(keyOf({ metadata: { namespace, name: ownerName } }));
  if (!found || found.metadata.uid !== uid) return undefined;
  const above = controllerOf(found);
  return above?.kind === Deployment.kind ? (scaledOwner(above, namespace, caches) ?? found) : found;
}
