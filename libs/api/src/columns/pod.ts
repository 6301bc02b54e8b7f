// `kubectl get pods`.
import type { Column } from '@berth/machinery';
import type { Pod } from '../generated/core-v1.types.ts';
import { ageColumn, nameColumn, none, text, wide } from './column.ts';
import { podReadyText, podRestartsText, podStatusText } from './pod-status.ts';

export const podColumns: Column<Pod>[] = [
  nameColumn(),
  text('Ready', 'Containers that are ready, of all that count', podReadyText),
  text('Status', 'How the pod is doing', podStatusText),
  text('Restarts', 'How often its containers were restarted, and when last', podRestartsText),
  ageColumn(),
  wide(text('IP', 'Address of the pod', (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || none)),
  wide(text('Node', 'Node that the pod was assigned to', (pod) => pod.spec.nodeName || none)),
  wide(text('Nominated Node', 'Node that is being freed for the pod', (pod) => pod.status?.nominatedNodeName || none)),
  wide(text('Readiness Gates', 'Conditions beside its containers that must be true, of all asked for', readinessGates)),
];

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return none;
  const met = gates.filter((gate) =>
    pod.status?.conditions?.some((condition) => condition.type === gate.conditionType && condition.status === 'True'),
  );
  return `${met.length}/${gates.length}`;
}
