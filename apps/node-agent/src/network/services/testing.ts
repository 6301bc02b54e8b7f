// Services, slices and plans of them for tests.
import type { EndpointSlice, Service } from '@berth/api';
import { ServicePlan, type ServicePlanInput } from './service-plan.ts';

export const service = (spec: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.5', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
});

export function slice(
  endpoints: { address: string; node?: string; ready?: boolean; serving?: boolean; terminating?: boolean }[],
  port = 8080,
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `web-${endpoints[0]?.address}`, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: endpoints.map(({ address, node, ...conditions }) => ({
      addresses: [address],
      conditions: { ready: true, ...conditions },
      ...(node && { nodeName: node }),
    })),
    ports: [{ port, protocol: 'TCP' }],
  };
}

export const whole = (input: Partial<ServicePlanInput>): ServicePlanInput => ({
  bridge: 'brth0',
  podCidr: '10.244.0.0/24',
  peerCidrs: [],
  clusterDns: '10.96.0.10',
  services: [],
  endpointSlices: [],
  pods: [],
  nodeName: 'here',
  ...input,
});

/** What is planned: elements by set, and rules by chain. */
export function planned(input: Partial<ServicePlanInput>, plan = new ServicePlan()) {
  plan.update(whole(input));
  const entries = [...plan.entries.values()].map(({ entry }) => entry);
  const of = (set: string) => entries.flatMap((entry) => (entry.kind === 'element' && entry.set === set ? entry.text : [])).sort();
  const chain = (name: string) => entries.flatMap((entry) => (entry.kind === 'chain' && entry.name === name ? entry.rules : []));
  /** The chain that packets for this go through, which is named after what it holds. */
  const chainOf = (set: string, key: string) =>
    chain(
      of(set)
        .find((text) => text.startsWith(`${key} : goto `))
        ?.split(' : goto ')[1] ?? '',
    );
  return { of, chain, chainOf, text: entries.map((entry) => JSON.stringify(entry)).join('\n') };
}

/** Addresses of endpoints that anything leads to. */
export const endpointsIn = ({ of }: ReturnType<typeof planned>) =>
  ['tcp-endpoints', 'udp-endpoints', 'node-tcp-endpoints'].flatMap((set) => of(set).map((text) => text.split(' : ')[1]));
