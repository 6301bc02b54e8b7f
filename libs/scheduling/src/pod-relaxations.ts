// What of its own demands a pod could give up, one at a time, so that nodes which refuse it might take it. Each leaves the pod it is
// given as it is, and any number of them can be made one after the other.
import type { Pod, PodSpec, Taint } from '@berth/api';
import { tolerates } from './tolerations.ts';

export type RelaxationType =
  | 'Toleration'
  | 'NodeSelector'
  | 'NodeAffinity'
  | 'PodAffinity'
  | 'PodAntiAffinity'
  | 'TopologySpread'
  | 'HostPort';

export interface Relaxation {
  type: RelaxationType;
  /** Path in the pod. */
  field: string;
  /** What to do, as an instruction. */
  text: string;
  /** Changes a spec that is not shared. */
  apply(spec: PodSpec): void;
}

/** What `berth why` speaks of instead, as nobody wants pods to tolerate it. */
export const cordonTaint = 'node.kubernetes.io/unschedulable';

/** @param taints of all nodes */
export function relaxations({ spec }: Pod, taints: Iterable<Taint>): Relaxation[] {
  return [
    ...selectors(spec),
    ...affinities(spec),
    ...podTerms(spec, 'podAffinity', 'PodAffinity'),
    ...podTerms(spec, 'podAntiAffinity', 'PodAntiAffinity'),
    ...spreads(spec),
    ...hostPorts(spec),
    ...tolerations(spec, taints),
  ];
}

export function relaxed(pod: Pod, chosen: Iterable<Relaxation>): Pod {
  const spec = { ...pod.spec };
  for (const { apply } of chosen) apply(spec);
  return { ...pod, spec };
}

function selectors({ nodeSelector = {} }: PodSpec): Relaxation[] {
  return Object.entries(nodeSelector).map(([key, value]) => ({
    type: 'NodeSelector',
    field: `spec.nodeSelector[${key}]`,
    text: `take ${key}=${value} from spec.nodeSelector, or give a node that label`,
    apply(spec) {
      const { [key]: _, ...others } = spec.nodeSelector ?? {};
      spec.nodeSelector = others;
    },
  }));
}

function affinities({ affinity }: PodSpec): Relaxation[] {
  if (!affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) return [];
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution';
  return [
    {
      type: 'NodeAffinity',
      field,
      text: `take ${field} away, or give a node the labels that it asks for`,
      apply(spec) {
        const { requiredDuringSchedulingIgnoredDuringExecution: _, ...nodeAffinity } = spec.affinity?.nodeAffinity ?? {};
        spec.affinity = { ...spec.affinity, nodeAffinity };
      },
    },
  ];
}

function podTerms({ affinity }: PodSpec, member: 'podAffinity' | 'podAntiAffinity', type: RelaxationType): Relaxation[] {
  const terms = affinity?.[member]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.map((term, index) => {
    const field = `spec.affinity.${member}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`;
    return {
      type,
      field,
      text: `prefer what ${field} (${term.topologyKey}) requires, or take it away`,
      apply(spec) {
        const { requiredDuringSchedulingIgnoredDuringExecution: required = [], ...others } = spec.affinity?.[member] ?? {};
        const kept = required.filter((other) => other !== term);
        spec.affinity = { ...spec.affinity, [member]: { ...others, requiredDuringSchedulingIgnoredDuringExecution: kept } };
      },
    };
  });
}

function spreads({ topologySpreadConstraints = [] }: PodSpec): Relaxation[] {
  return topologySpreadConstraints.flatMap((constraint, index): Relaxation[] => {
    if (constraint.whenUnsatisfiable !== 'DoNotSchedule') return [];
    const field = `spec.topologySpreadConstraints[${index}].whenUnsatisfiable`;
    return [
      {
        type: 'TopologySpread',
        field,
        text: `set ${field} (${constraint.topologyKey}) to ScheduleAnyway`,
        apply(spec) {
          spec.topologySpreadConstraints = spec.topologySpreadConstraints?.map((other) =>
            other === constraint ? { ...other, whenUnsatisfiable: 'ScheduleAnyway' } : other,
          );
        },
      },
    ];
  });
}

function hostPorts(spec: PodSpec): Relaxation[] {
  const lists = ['containers', 'initContainers'] as const;
  return lists.flatMap((list) =>
    (spec[list] ?? []).flatMap(({ ports = [] }, container) =>
      ports.flatMap((port, index): Relaxation[] => {
        if (!port.hostPort) return [];
        const field = `spec.${list}[${container}].ports[${index}].hostPort`;
        return [
          {
            type: 'HostPort',
            field,
            text: `take ${field} (${port.hostPort}/${port.protocol ?? 'TCP'}) away`,
            apply(changed) {
              const containers = changed[list]?.map((one) => ({
                ...one,
                ports: one.ports?.map((other) => (other === port ? { ...other, hostPort: undefined } : other)),
              }));
              if (containers) changed[list] = containers;
            },
          },
        ];
      }),
    ),
  );
}

function tolerations(spec: PodSpec, taints: Iterable<Taint>): Relaxation[] {
  const byText = new Map<string, Taint>();
  for (const taint of taints) {
    const isHard = taint.effect === 'NoSchedule' || taint.effect === 'NoExecute';
    if (isHard && !spec.tolerations?.some((toleration) => tolerates(toleration, taint))) byText.set(taintText(taint), taint);
  }
  return [...byText].map(([text, { key, value = '', effect }]) => ({
    type: 'Toleration',
    field: 'spec.tolerations',
    text: `tolerate the taint ${text} in spec.tolerations, or take it from the node`,
    apply(changed) {
      changed.tolerations = [...(changed.tolerations ?? []), { key, operator: 'Equal', value, effect }];
    },
  }));
}

/** As `kubectl taint` writes it. */
function taintText({ key, value, effect }: Taint): string {
  return `${key}${value ? `=${value}` : ''}:${effect}`;
}
