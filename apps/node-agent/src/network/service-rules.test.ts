import type { ContainerPort, EndpointSlice, Pod, Service } from '@berth/api';
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
    peerCidrs: [],
    clusterDns: '10.96.0.10',
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

  test('refuse at once what has no endpoint or no such port, on the cluster address, and the node port', () => {
    const text = rules({ services: [service({ type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }] })] });
    expect(text).toMatch(/set cluster-addresses \{[^}]*elements = \{ 10\.96\.0\.5 \}/);
    expect(text).toContain('ip daddr @cluster-addresses reject');
    expect(text).not.toContain('10.96.0.5 . tcp . 80');
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

  test('leave out endpoints that are no IPv4 addresses, for which the rules of all services would be refused', () => {
    const odd = [
      { ...slice([{ address: 'example.com' }]), addressType: 'FQDN' as const },
      { ...slice([{ address: '2001:db8::1' }]), addressType: 'IPv6' as const },
      slice([{ address: '; flush ruleset' }]),
    ];
    const text = rules({ services: [service({})], endpointSlices: [...odd, slice([{ address: '10.244.0.2' }])] });
    expect(text).toContain('dnat ip to 10.244.0.2:8080');
    for (const address of ['example.com', '2001:db8', 'flush']) expect(text).not.toContain(address);
  });

  test('keep the name server and the API where they are, whatever host ports there are', () => {
    const api: Service = {
      ...service({ clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] }),
      metadata: { name: 'kubernetes', namespace: 'default' },
    };
    const apiSlice: EndpointSlice = {
      ...slice([{ address: '10.244.255.254' }]),
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    };
    const text = rules({ services: [api], endpointSlices: [apiSlice] });
    expect(text).toMatch(
      /set kept \{[^}]*elements = \{ 10\.244\.255\.254 \. tcp \. 6443, 10\.96\.0\.10 \. tcp \. 53, 10\.96\.0\.10 \. udp \. 53 \}/,
    );
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
    // Of what others translate, nothing is masqueraded.
    expect(text).toContain('ct status dnat ip saddr != @pod-networks ip daddr . ip daddr @hairpins masquerade');
    expect(rules({ pods: [pod] })).not.toContain('oifname "brth0" masquerade');
  });

  test('open a host port on the address that it names, beside others of the same number, and none of a pod that has ended', () => {
    const withPort = (podIP: string, port: ContainerPort, more: Partial<Pod['status']> = {}): Pod => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: podIP, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [port] }] },
      status: { podIP, ...more },
    });
    const port = { containerPort: 80, hostPort: 8_080, protocol: 'TCP' } as const;
    const text = rules({
      pods: [
        withPort('10.244.0.1', { ...port, hostIP: '127.0.0.1' }),
        withPort('10.244.0.2', { ...port, hostIP: '192.0.2.2' }),
        withPort('10.244.0.3', { ...port, hostIP: '192.0.2.2', protocol: 'UDP' }),
        withPort('10.244.0.4', { ...port, hostPort: 8_081, hostIP: '0.0.0.0' }),
        withPort('10.244.0.5', { ...port, hostPort: 8_082 }, { phase: 'Failed' }),
        withPort('10.244.0.6', { ...port, hostPort: 8_083, hostIP: 'no address' }),
      ],
    });
    const map = /map host-address-ports \{[^}]*elements = \{ ([^}]*) \}/.exec(text)?.[1]?.split(', ');
    expect(map).toEqual([
      '127.0.0.1 . tcp . 8080 : goto tcp-host-127-0-0-1-8080',
      '192.0.2.2 . tcp . 8080 : goto tcp-host-192-0-2-2-8080',
      '192.0.2.2 . udp . 8080 : goto udp-host-192-0-2-2-8080',
    ]);
    expect(text).toMatch(/map node-ports \{[^}]*elements = \{ tcp \. 8081 : goto tcp-host-8081 \}/);
    expect(text).toContain('chain udp-host-192-0-2-2-8080 {\n    meta l4proto udp dnat ip to 10.244.0.3:80');
  });
});
