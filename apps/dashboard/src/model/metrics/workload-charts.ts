// What all pods of a workload did, together and each, also those that are gone: by who owned them, as the history has it.
import { type ChartSpec, quoted, selector } from './chart-spec.ts';

export interface Workload {
  kind: string;
  namespace: string;
  name: string;
  /** At present. */
  pods: number;
}

/** More are asked for by the largest, at each time. */
const podsMax = 30;
const largestMax = 10;

export function workloadCharts(workload: Workload, window: string): ChartSpec[] {
  const { namespace } = workload;
  const containers = selector({ namespace }, 'container!=""');
  const owned = `on (namespace, pod) group_left () ${podsOf(workload)}`;
  const byPod = (measured: string) => `sum by (pod) (sum by (namespace, pod) (${measured}) * ${owned})`;
  const all = (measured: string) => `sum(sum by (namespace, pod) (${measured}) * ${owned})`;
  const largest = (measured: string) => (workload.pods > podsMax ? `topk(${largestMax}, ${byPod(measured)})` : byPod(measured));
  const cpu = `rate(container_cpu_usage_seconds_total${containers}[${window}])`;
  const memory = `container_memory_working_set_bytes${containers}`;
  const bounds = (resource: string): ChartSpec['lines'] => [
    { name: 'requested', look: 'requested', expression: all(`kube_pod_container_resource_requests${selector({ namespace, resource })}`) },
    { name: 'limit', look: 'limit', expression: all(`kube_pod_container_resource_limits${selector({ namespace, resource })}`) },
  ];
  const traffic = (direction: string) => all(`rate(container_network_${direction}_bytes_total${selector({ namespace })}[${window}])`);
  const throttled = (name: string) => byPod(`rate(container_cpu_cfs_${name}_total${containers}[${window}])`);
  return [
    { id: 'cpu', title: 'CPU of all pods', unit: 'cores', lines: [{ name: 'used', look: 'used', expression: all(cpu) }, ...bounds('cpu')] },
    { id: 'cpu-by-pod', title: 'CPU by pod', unit: 'cores', lines: [{ name: '', by: 'pod', expression: largest(cpu) }] },
    {
      id: 'memory',
      title: 'Memory of all pods (working set)',
      unit: 'bytes',
      lines: [{ name: 'used', look: 'used', expression: all(memory) }, ...bounds('memory')],
    },
    {
      id: 'memory-by-pod',
      title: 'Memory by pod (working set)',
      unit: 'bytes',
      lines: [{ name: '', by: 'pod', expression: largest(memory) }],
    },
    {
      id: 'throttled',
      title: 'Held back by CPU limits, by pod',
      unit: 'share',
      lines: [
        { name: '', by: 'pod', expression: shortened(workload, `${throttled('throttled_periods')} / (${throttled('periods')} > 0)`) },
      ],
    },
    {
      id: 'restarts',
      title: 'Restarts so far, by pod',
      unit: 'count',
      lines: [{ name: '', by: 'pod', expression: largest(`kube_pod_container_status_restarts_total${selector({ namespace })}`) }],
    },
    {
      id: 'network',
      title: 'Network of all pods',
      unit: 'bytesPerSecond',
      lines: [
        { name: 'received', expression: traffic('receive') },
        { name: 'sent', expression: traffic('transmit') },
      ],
    },
    ...replicas(workload),
  ];
}

function shortened({ pods }: Workload, expression: string): string {
  return pods > podsMax ? `topk(${largestMax}, ${expression})` : expression;
}

/** A 1 for each pod; those of a Deployment belong to its ReplicaSets. */
function podsOf({ kind, namespace, name }: Workload): string {
  if (kind !== 'Deployment')
    return `max by (namespace, pod) (kube_pod_owner${selector({ namespace, owner_kind: kind, owner_name: name })})`;
  const sets = `max by (namespace, replicaset) (kube_replicaset_owner${selector({ namespace, owner_kind: kind, owner_name: name })})`;
  const asOwner = `label_replace(${sets}, "owner_name", "$1", "replicaset", "(.+)")`;
  const pods = `kube_pod_owner${selector({ namespace, owner_kind: 'ReplicaSet' })}`;
  return `max by (namespace, pod) (${pods} * on (namespace, owner_name) group_left () ${asOwner})`;
}

const replicaMetrics: Record<string, { label: string; wanted: string; available: string }> = {
  Deployment: { label: 'deployment', wanted: 'kube_deployment_spec_replicas', available: 'kube_deployment_status_replicas_available' },
  StatefulSet: { label: 'statefulset', wanted: 'kube_statefulset_replicas', available: 'kube_statefulset_status_replicas_ready' },
  DaemonSet: {
    label: 'daemonset',
    wanted: 'kube_daemonset_status_desired_number_scheduled',
    available: 'kube_daemonset_status_number_ready',
  },
};

function replicas({ kind, namespace, name }: Workload): ChartSpec[] {
  const metrics = replicaMetrics[kind];
  if (!metrics) return [];
  const own = `{namespace=${quoted(namespace)},${metrics.label}=${quoted(name)}}`;
  const lines: ChartSpec['lines'] = [
    { name: 'ready', look: 'used', expression: `max(${metrics.available}${own})` },
    { name: 'wanted', look: 'limit', expression: `max(${metrics.wanted}${own})` },
  ];
  return [{ id: 'replicas', title: 'Pods wanted and ready', unit: 'count', lines }];
}
