// What draining a node does to each of its pods, by kubectl's rules, before anything is done.
import type { Pod, policyV1 } from '@berth/api';
import { labelSelectorFrom } from '@berth/machinery';
import { kubectlLine } from './kubectl-line.ts';

export interface DrainedPod {
  pod: Pod;
  /** `stays`: of a DaemonSet, or static. `waits`: a disruption budget allows it later only. */
  fate: 'evicted' | 'waits' | 'stays';
  why: string;
  /** Nothing replaces it. */
  isUnmanaged: boolean;
  /** Data that goes with it. */
  losesData: boolean;
}

type Budget = policyV1.PodDisruptionBudget;

/** @param pods of the node; @param budgets of all namespaces */
export function drainPlan(pods: Pod[], budgets: Budget[]): DrainedPod[] {
  const left = new Map(budgets.map((budget) => [budget, budget.status?.disruptionsAllowed ?? 0]));
  return pods.map((pod) => drained(pod, budgets, left));
}

function drained(pod: Pod, budgets: Budget[], left: Map<Budget, number>): DrainedPod {
  const { metadata, spec, status } = pod;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  const stays = (why: string): DrainedPod => ({ pod, fate: 'stays', why, isUnmanaged: false, losesData: false });
  if (metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return stays('a static pod, which only the node itself ends');
  if (owner?.kind === 'DaemonSet') return stays(`of DaemonSet ${owner.name}, which would start it again here`);
  if (metadata.deletionTimestamp) return { ...stays('is going already'), fate: 'evicted' };
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const isUnmanaged = owner === undefined;
  const losesData = !isOver && (spec.volumes ?? []).some(({ emptyDir }) => emptyDir);
  const why = isOver
    ? 'has ended'
    : isUnmanaged
      ? 'has no owner: nothing replaces it'
      : `${owner.kind} ${owner.name} replaces it elsewhere`;
  const base = { pod, isUnmanaged, losesData };
  const budget = isOver ? undefined : budgets.find((candidate) => isOf(candidate, pod));
  if (!budget) return { ...base, fate: 'evicted', why };
  const allowed = left.get(budget) ?? 0;
  left.set(budget, allowed - 1);
  if (allowed > 0) return { ...base, fate: 'evicted', why };
  return { ...base, fate: 'waits', why: `disruption budget ${budget.metadata.name} allows ${Math.max(0, allowed)} more now` };
}

function isOf({ metadata, spec }: Budget, pod: Pod): boolean {
  return metadata.namespace === pod.metadata.namespace && labelSelectorFrom(spec.selector).matches(pod.metadata.labels ?? {});
}

export function drainLine(node: string, plan: DrainedPod[]): string {
  const some = (has: (pod: DrainedPod) => boolean) => plan.some(has);
  return kubectlLine(
    undefined,
    'drain',
    node,
    ...(some(({ fate }) => fate === 'stays') ? ['--ignore-daemonsets'] : []),
    ...(some(({ losesData }) => losesData) ? ['--delete-emptydir-data'] : []),
    ...(some(({ isUnmanaged }) => isUnmanaged) ? ['--force'] : []),
  );
}
