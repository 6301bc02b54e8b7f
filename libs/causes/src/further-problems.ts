// What is wrong with sets that lack pods, Ingresses, disruption budgets and namespaces.
import { type Ingress, ingressBackendPort, ingressBackends, type Namespace, type Pod, type policyV1, type Service } from '@berth/api';
import { labelSelectorFrom } from '@berth/machinery';
import { ageMs } from './age.ts';
import { discoveryMark } from './marks.ts';
import type { Problem } from './problem.ts';
import type { Known } from './why.ts';

/** Younger ones merely wait for what is applied beside them. */
const startingMs = 30_000;

/** Whose pods say why themselves. */
export function setProblems({ statefulSets = [], daemonSets = [] }: Partial<Pick<Known, 'statefulSets' | 'daemonSets'>>): Problem[] {
  const lacks = (kind: 'StatefulSet' | 'DaemonSet', { namespace, name }: { namespace?: string; name: string }, message: string) => {
    const group = `${kind}/${namespace}/${name}`;
    const base = { kind, namespace, name, severity: 'error' as const, reason: 'PodsNotReady', message, group };
    return { ...base, explainedBy: [group], isOnlyConsequence: true as const };
  };
  const sets = statefulSets.flatMap(({ metadata, spec, status }) => {
    const { replicas: made = 0, readyReplicas = 0 } = status ?? {};
    const { replicas = 1, podManagementPolicy } = spec;
    if (readyReplicas >= replicas) return [];
    // One after the other: the next is made once the last is ready.
    const waits = podManagementPolicy !== 'Parallel' && made < replicas ? `; the other ${replicas - made} wait for that` : '';
    return [lacks('StatefulSet', metadata, `${readyReplicas} of ${replicas} pods are ready${waits}`)];
  });
  const daemons = daemonSets.flatMap(({ metadata, status }) => {
    const { numberReady = 0, desiredNumberScheduled = 0 } = status ?? {};
    if (numberReady >= desiredNumberScheduled) return [];
    return [lacks('DaemonSet', metadata, `${numberReady} of ${desiredNumberScheduled} pods are ready`)];
  });
  return [...sets, ...daemons];
}

/** Those that lead to no service, or to no port of one. */
export function ingressProblems(ingresses: Ingress[], services: Service[], now: number): Problem[] {
  if (ingresses.length === 0) return [];
  const byName = new Map(services.map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]));
  return ingresses.flatMap((ingress) => {
    const { namespace, name, creationTimestamp } = ingress.metadata;
    if ((ageMs(creationTimestamp, now) ?? startingMs) < startingMs) return [];
    const [first] = ingressBackends(ingress).flatMap(({ field, backend }) => {
      const { problem } = ingressBackendPort(backend, byName.get(`${namespace}/${backend.service?.name}`));
      return problem ? [{ ...problem, field }] : [];
    });
    if (!first) return [];
    const message = `${first.field}: ${first.message}; requests for it get 503`;
    const base = { kind: 'Ingress' as const, namespace, name, severity: 'error' as const, since: creationTimestamp };
    return [{ ...base, reason: first.reason, message, group: `Ingress/${namespace}/${name}` }];
  });
}

/** Those that keep a cordoned node from being drained. That a budget lets none go for the moment is what it is for. */
export function budgetProblems({
  budgets = [],
  nodes,
  pods,
}: Pick<Known, 'nodes' | 'pods'> & { budgets?: policyV1.PodDisruptionBudget[] }): Problem[] {
  const cordoned = new Set(nodes.filter(({ spec }) => spec?.unschedulable).map(({ metadata }) => metadata.name));
  if (cordoned.size === 0) return [];
  const there = pods.filter(({ spec, metadata }) => spec.nodeName && cordoned.has(spec.nodeName) && !metadata.deletionTimestamp);
  return budgets.flatMap(({ metadata, spec, status }) => {
    const { namespace, name } = metadata;
    const { disruptionsAllowed = 0, expectedPods = 0, desiredHealthy = 0 } = status ?? {};
    if (disruptionsAllowed > 0 || expectedPods === 0) return [];
    const selector = labelSelectorFrom(spec.selector ?? {});
    const kept = there.filter((pod: Pod) => pod.metadata.namespace === namespace && selector.matches(pod.metadata.labels ?? {}));
    const node = kept[0]?.spec.nodeName;
    if (!node) return [];
    const message = `it lets none of its ${expectedPods} pods be evicted (${desiredHealthy} must stay), and node ${node} is cordoned with ${kept.length} of them on it`;
    const base = { kind: 'PodDisruptionBudget' as const, namespace, name, severity: 'warning' as const };
    return [{ ...base, reason: 'BlocksDrain', message, group: `PodDisruptionBudget/${namespace}/${name}` }];
  });
}

const inTheWay = [
  'NamespaceDeletionDiscoveryFailure',
  'NamespaceDeletionGroupVersionParsingFailure',
  'NamespaceDeletionContentFailure',
  'NamespaceFinalizersRemaining',
  'NamespaceContentRemaining',
];

/** Those that do not go. */
export function namespaceProblems(namespaces: Namespace[], now: number): Problem[] {
  return namespaces.flatMap(({ metadata, status }) => {
    const { name, deletionTimestamp } = metadata;
    if (!deletionTimestamp || (ageMs(deletionTimestamp, now) ?? 0) < startingMs) return [];
    const [bad] = inTheWay.flatMap((type) => status?.conditions?.find((one) => one.type === type && one.status === 'True') ?? []);
    const message = `it is being deleted, and waits: ${bad?.message ?? 'nothing says for what'}`;
    const base = { kind: 'Namespace' as const, name, severity: 'warning' as const, since: deletionTimestamp };
    // What is in it cannot be known while a group of the API does not answer.
    const explainedBy = bad?.type === 'NamespaceDeletionDiscoveryFailure' ? { explainedBy: [discoveryMark] } : {};
    return [{ ...base, ...explainedBy, reason: bad?.reason ?? 'Terminating', message, group: `Namespace/${name}` }];
  });
}
