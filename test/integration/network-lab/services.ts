// Services and endpoint slices of pods in a network lab.
import type { EndpointSlice, Service } from '@berth/api';

export const nodePort = 30_080;

export const ports: NonNullable<Service['spec']['ports']> = [
  { name: 'http', port: 80, protocol: 'TCP', nodePort },
  { name: 'time', port: 123, protocol: 'UDP', nodePort: nodePort + 1 },
];

export function service(name: string, spec: Partial<Service['spec']>): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { type: 'ClusterIP', ...spec } };
}

interface SlicedPod {
  pod: string;
  nodeName?: string;
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean } | undefined;
}

/** @param addresses of pods, by their names */
export function slice(name: string, pods: SlicedPod[], addresses: Record<string, string>): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: pods.map(({ pod, nodeName = 'node-lab', conditions = { ready: true } }) => ({
      addresses: [addresses[pod] ?? ''],
      conditions,
      nodeName,
      hostname: pod,
    })),
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP' },
      { name: 'time', port: 8080, protocol: 'UDP' },
    ],
  };
}
