// Scales workloads by what their pods use, as metrics.k8s.io says. What was decided before is kept in memory, by autoscaler.
import { Deployment, HorizontalPodAutoscaler, Pod, ReplicaSet, ReplicationController, StatefulSet } from '@berth/api';
import { type Caches, type Controller, erased, watches } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf, labelSelectorFrom, parseLabelSelector, StatusError } from '@berth/machinery';
import { type CustomScaled, customKind, customScaled, groupOf } from '../custom-scale.ts';
import { type History, noHistory } from './pace.ts';
import { type ObservedAutoscaler, planAutoscaler } from './plan.ts';
import type { ReadUsages } from './usage-reading.ts';

const namespaceIndex = 'namespace';

type Selector = Parameters<typeof labelSelectorFrom>[0];
type Scaled = KubeObject & { spec: { replicas?: number; selector?: unknown } };

const scaledKinds = [Deployment, ReplicaSet, ReplicationController, StatefulSet] as unknown as KindDefinition<Scaled>[];

/** @param read what pods use now; undefined while it is read */
export function autoscalerController(read: () => ReadUsages | undefined): Controller<ObservedAutoscaler> {
  /** By uid; forgotten when the autoscaler goes. */
  const histories = new Map<string, History>();
  return {
    name: 'horizontal-pod-autoscaler',
    owns: ['HorizontalPodAutoscaler.status'],
    writes: ['*'],
    watches: [
      watches(HorizontalPodAutoscaler, (autoscaler, caches) => {
        const uid = autoscaler.metadata.uid ?? '';
        if (caches.of(HorizontalPodAutoscaler).get(keyOf(autoscaler))?.metadata.uid !== uid) histories.delete(uid);
        return [keyOf(autoscaler)];
      }),
    ],
    // It looks again by the clock.
    reads: [erased(Pod), ...scaledKinds.map(erased)],
    watchesCustom: (kind) => watches(kind, () => []),
    prepare(caches) {
      caches.of(Pod).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
    },
    observe(key, caches) {
      const autoscaler = caches.of(HorizontalPodAutoscaler).get(key);
      if (!autoscaler || autoscaler.metadata.deletionTimestamp) return undefined;
      const uid = autoscaler.metadata.uid ?? '';
      const history = histories.get(uid) ?? noHistory();
      histories.set(uid, history);
      const current = read();
      const found = targetOf(autoscaler, caches);
      const all = caches.of(Pod).byIndex(namespaceIndex, autoscaler.metadata.namespace ?? '');
      const pods = typeof found === 'string' ? [] : all.filter((pod) => found.selects(pod));
      const target = typeof found === 'string' ? found : { kind: found.kind, object: found.object };
      return { autoscaler, target, pods, usages: current?.usages, problem: current?.problem, history };
    },
    plan: planAutoscaler,
  };
}

interface Target {
  kind: KindDefinition;
  object: Scaled;
  selects(pod: Pod): boolean;
}

/** Or why there is none. */
function targetOf({ metadata, spec }: HorizontalPodAutoscaler, caches: Caches): Target | string {
  const { kind: name, name: targetName, apiVersion = '' } = spec.scaleTargetRef;
  const namespace = metadata.namespace ?? '';
  const group = groupOf(apiVersion);
  const kind = scaledKinds.find((candidate) => candidate.kind === name && candidate.group === group);
  if (kind) {
    const object = caches.of(kind).get(keyOf({ metadata: { namespace, name: targetName } }));
    if (!object) return StatusError.notFound(kind, targetName).message;
    return { kind: kind as unknown as KindDefinition, object, selects: (pod) => selects(object, pod) };
  }
  const custom = customKind(caches, group, name);
  if (!custom) return `no matches for kind ${JSON.stringify(name)} in group ${JSON.stringify(group)}`;
  const found = customScaled(caches, custom, namespace, targetName);
  return found ? customTarget(found) : StatusError.notFound(custom, targetName).message;
}

function customTarget({ kind, object, scale }: CustomScaled): Target | string {
  if (!scale) return 'the server could not find the requested resource';
  const { replicas, selector } = scale;
  if (replicas === undefined) return `the spec replicas field ${JSON.stringify(kind.subresources.scale?.specReplicas)} does not exist`;
  const selected = selector ? parseLabelSelector(selector) : undefined;
  return { kind, object: { ...object, spec: { replicas } }, selects: ({ metadata }) => selected?.matches(metadata.labels ?? {}) ?? false };
}

/** Replication controllers select by a plain map of labels. */
function selects({ kind, spec }: Scaled, pod: Pod): boolean {
  const selector = kind === ReplicationController.kind ? { matchLabels: spec.selector } : spec.selector;
  return selector !== undefined && labelSelectorFrom(selector as Selector).matches(pod.metadata.labels);
}
