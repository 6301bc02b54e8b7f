// The (anti-)affinity terms of a pod with their selectors compiled, for the pod itself and for those that must respect it.
import type { Pod, PodAffinityTerm } from '@berth/api';
import { labelSelectorFrom, type Selector } from '@berth/machinery';

export interface AffinityTerm {
  topologyKey: string;
  weight: number;
  namespaces: string[];
  namespaceSelector: Selector | undefined;
  /** Matches nothing when absent. */
  selector: Selector | undefined;
}

export interface AffinityTerms {
  required: AffinityTerm[];
  preferred: AffinityTerm[];
  requiredAnti: AffinityTerm[];
  preferredAnti: AffinityTerm[];
}

const none: AffinityTerms = { required: [], preferred: [], requiredAnti: [], preferredAnti: [] };

export function affinityTerms(pod: Pod): AffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return none;
  const plain = (terms: PodAffinityTerm[] | undefined) => (terms ?? []).map((term) => compiled(term, 1, pod));
  const weighted = (terms: { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined) =>
    (terms ?? []).map(({ weight, podAffinityTerm }) => compiled(podAffinityTerm, weight, pod));
  return {
    required: plain(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    requiredAnti: plain(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAnti: weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

function compiled(term: PodAffinityTerm, weight: number, pod: Pod): AffinityTerm {
  const labels = pod.metadata.labels ?? {};
  const byOwnLabels = (keys: string[] | undefined, operator: string) =>
    (keys ?? []).flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]));
  const extra = [...byOwnLabels(term.matchLabelKeys, 'In'), ...byOwnLabels(term.mismatchLabelKeys, 'NotIn')];
  const { labelSelector } = term;
  // Neither names nor a selector of namespaces means the pod's own one.
  const isOwn = !term.namespaces?.length && !term.namespaceSelector;
  return {
    topologyKey: term.topologyKey,
    weight,
    namespaces: isOwn ? [pod.metadata.namespace ?? ''] : (term.namespaces ?? []),
    namespaceSelector: term.namespaceSelector && labelSelectorFrom(term.namespaceSelector),
    selector:
      labelSelector && labelSelectorFrom({ ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...extra] }),
  };
}

/** Whether a term is about a pod. @param namespaceLabels labels of the pod's namespace */
export function termMatches(
  term: AffinityTerm,
  pod: { namespace: string; labels: Record<string, string> },
  namespaceLabels: Record<string, string>,
): boolean {
  if (!term.selector?.matches(pod.labels)) return false;
  return term.namespaces.includes(pod.namespace) || (term.namespaceSelector?.matches(namespaceLabels) ?? false);
}
