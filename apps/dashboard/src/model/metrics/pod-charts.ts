// What a pod did, by container: processor time and when it was held back, memory, restarts, network, against requests and limits.
import { type ChartSpec, selector } from './chart-spec.ts';

/** @param container undefined for all of them */
export function podCharts(namespace: string, pod: string, container: string | undefined, window: string): ChartSpec[] {
  const own = container === undefined ? selector({ namespace, pod }, 'container!=""') : selector({ namespace, pod, container });
  const bound = (kind: 'requests' | 'limits', resource: string) =>
    `sum(kube_pod_container_resource_${kind}${selector({ namespace, pod, container, resource })})`;
  const bounds = (resource: string): ChartSpec['lines'] => [
    { name: 'requested', look: 'requested', expression: bound('requests', resource) },
    { name: 'limit', look: 'limit', expression: bound('limits', resource) },
  ];
  const rate = (name: string) => `sum by (container) (rate(${name}${own}[${window}]))`;
  const network = selector({ namespace, pod });
  return [
    {
      id: 'cpu',
      title: 'CPU',
      unit: 'cores',
      lines: [{ name: 'used by', by: 'container', expression: rate('container_cpu_usage_seconds_total') }, ...bounds('cpu')],
    },
    {
      id: 'memory',
      title: 'Memory (working set)',
      unit: 'bytes',
      lines: [
        { name: 'used by', by: 'container', expression: `sum by (container) (container_memory_working_set_bytes${own})` },
        ...bounds('memory'),
      ],
    },
    {
      id: 'throttled',
      title: 'Held back by its CPU limit',
      unit: 'share',
      lines: [
        {
          name: '',
          by: 'container',
          expression: `${rate('container_cpu_cfs_throttled_periods_total')} / (${rate('container_cpu_cfs_periods_total')} > 0)`,
        },
      ],
    },
    {
      id: 'restarts',
      title: 'Restarts so far',
      unit: 'count',
      lines: [{ name: '', by: 'container', expression: `max by (container) (kube_pod_container_status_restarts_total${own})` }],
    },
    {
      id: 'network',
      title: 'Network of the pod',
      unit: 'bytesPerSecond',
      lines: [
        { name: 'received', expression: `sum(rate(container_network_receive_bytes_total${network}[${window}]))` },
        { name: 'sent', expression: `sum(rate(container_network_transmit_bytes_total${network}[${window}]))` },
      ],
    },
  ];
}
