// Which nodes a daemon set's pod belongs on (Kubernetes, "DaemonSet", How Daemon Pods are scheduled): selectors and affinity decide,
// and taints, most of which a daemon stands.
import type { DaemonSet, Node, Pod, PodSpec, Toleration } from '@berth/api';
import { nodeMatches, untolerated } from '@berth/scheduling';

const exists = (key: string, effect: string): Toleration => ({ key, operator: 'Exists', effect });

/** A daemon stays on a node that is in trouble: it may be what gets it out. */
function daemonTolerations({ hostNetwork }: PodSpec): Toleration[] {
  return [
    exists('node.kubernetes.io/not-ready', 'NoExecute'),
    exists('node.kubernetes.io/unreachable', 'NoExecute'),
    exists('node.kubernetes.io/disk-pressure', 'NoSchedule'),
    exists('node.kubernetes.io/memory-pressure', 'NoSchedule'),
    exists('node.kubernetes.io/pid-pressure', 'NoSchedule'),
    exists('node.kubernetes.io/unschedulable', 'NoSchedule'),
    ...(hostNetwork ? [exists('node.kubernetes.io/network-unavailable', 'NoSchedule')] : []),
  ];
}

function templateSpec({ spec }: DaemonSet): PodSpec {
  return spec.template.spec ?? { containers: [] };
}

/** The template's spec for one node: the scheduler finds no other, and the usual troubles do not keep it away. */
export function specFor(set: DaemonSet, nodeName: string): PodSpec {
  const spec = templateSpec(set);
  const given = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  const nodeSelectorTerms = (given ?? [{}]).map((term) => ({ ...term, matchFields }));
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  const standing = spec.tolerations ?? [];
  const added = daemonTolerations(spec).filter(
    ({ key, effect }) => !standing.some((toleration) => toleration.key === key && toleration.effect === effect),
  );
  return { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: [...standing, ...added] };
}

export interface Eligibility {
  /** Whether a pod should be started there. */
  shouldRun: boolean;
  /** Whether one that is there may stay. */
  shouldContinue: boolean;
}

export function eligibility(set: DaemonSet, node: Node): Eligibility {
  const spec = templateSpec(set);
  const { name, labels = {} } = node.metadata;
  const tolerations = [...(spec.tolerations ?? []), ...daemonTolerations(spec)];
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const fits = (!spec.nodeName || spec.nodeName === name) && selected && (!required || nodeMatches(required, { name, labels }));
  const taints = node.spec?.taints ?? [];
  const stands = (...effects: string[]) => untolerated(taints, tolerations, effects) === undefined;
  return { shouldRun: fits && stands('NoSchedule', 'NoExecute'), shouldContinue: fits && stands('NoExecute') };
}

/** The node that a pod runs on, or that it was made for. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap((term) => term.matchFields ?? []).find((field) => field.key === 'metadata.name')?.values?.[0];
}
