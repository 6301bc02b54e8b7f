import type { EndpointSlice, Pod, Service } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { type RulesInput, serviceRules } from './service-rules.ts';

const service = (spec: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.5', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
});

function slice(
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

const rules = (input: Partial<RulesInput>) =>
  serviceRules({
    table: 'berth-0',
    bridge: 'brth0',
    podCidr: '10.244.0.0/24',
    services: [],
    endpointSlices: [],
    pods: [],
    nodeName: 'here',
    bridgeIsFiltered: true,
    ...input,
  });

describe('service rules', () => {
  test('spread over every ready endpoint of every slice, in an order that does not depend on theirs', () => {
    const slices = [slice([{ address: '10.244.0.3' }]), slice([{ address: '10.244.0.2' }, { address: '10.244.0.9', ready: false }])];
    const text = rules({ services: [service({})], endpointSlices: slices });
    expect(text).toContain('10.96.0.5 . tcp . 80 : goto tcp-10-96-0-5-80');
    expect(text).toContain('numgen random mod 2 map { 0 : 10.244.0.2 . 8080, 1 : 10.244.0.3 . 8080 }');
    expect(text).not.toContain('10.244.0.9');
    expect(rules({ services: [service({})], endpointSlices: [...slices].reverse() })).toBe(text);
  });

  test('refuse at once what has no endpoint, on the cluster address and the node port', () => {
    const text = rules({ services: [service({ type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }] })] });
    expect(text).toMatch(/set refused \{[^}]*elements = \{ 10\.96\.0\.5 \. tcp \. 80 \}/);
    expect(text).toMatch(/set refused-node-ports \{[^}]*elements = \{ tcp \. 30080 \}/);
  });

  test('fall back to endpoints that still serve while they end', () => {
    const ending = slice([{ address: '10.244.0.2', ready: false, serving: true, terminating: true }]);
    expect(rules({ services: [service({})], endpointSlices: [ending] })).toContain('dnat ip to 10.244.0.2:8080');
    const both = [ending, slice([{ address: '10.244.0.3' }])];
    expect(rules({ services: [service({})], endpointSlices: both })).not.toContain('10.244.0.2');
  });

  test('keep to this node where the traffic policy says so', () => {
    const slices = [
      slice([
        { address: '10.244.0.2', node: 'here' },
        { address: '10.244.1.2', node: 'there' },
      ]),
    ];
    const spec = { type: 'NodePort' as const, ports: [{ port: 80, protocol: 'TCP' as const, nodePort: 30_080 }] };
    const text = rules({ services: [service({ ...spec, externalTrafficPolicy: 'Local' })], endpointSlices: slices });
    expect(text).toMatch(/chain tcp-10-96-0-5-80-node \{\n\s+meta l4proto tcp dnat ip to 10\.244\.0\.2:8080/);
    expect(text).toMatch(/chain tcp-10-96-0-5-80 \{\n.*mod 2/);
  });

  test('leave out headless services, names for elsewhere, and protocols they cannot carry', () => {
    const none = [
      service({ clusterIP: 'None' }),
      service({ type: 'ExternalName', clusterIP: '' }),
      service({ ports: [{ port: 9, protocol: 'SCTP' }] }),
    ];
    expect(rules({ services: none, endpointSlices: [slice([{ address: '10.244.0.2' }])] })).not.toContain('goto');
  });

  test('send a host port to its pod, and answers between pods through here where bridged packets pass unseen', () => {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 53, hostPort: 5_353, protocol: 'UDP' }] }] },
      status: { podIP: '10.244.0.7' },
    };
    const text = rules({ pods: [pod], bridgeIsFiltered: false });
    expect(text).toContain('udp . 5353 : goto udp-host-5353');
    expect(text).toContain('dnat ip to 10.244.0.7:53');
    expect(text).toContain('ct status dnat ip saddr 10.244.0.0/24 oifname "brth0" masquerade');
    expect(rules({ pods: [pod] })).not.toContain('oifname "brth0" masquerade');
  });
});
