import type { ContainerPort, EndpointSlice, Pod, Service } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { ServicePlan } from './service-plan.ts';
import { endpointsIn, planned, service, slice, whole } from './testing.ts';

describe('the plan for services', () => {
  test('spreads over every ready endpoint of every slice, in an order that does not depend on theirs', () => {
    const slices = [slice([{ address: '10.244.0.3' }]), slice([{ address: '10.244.0.2' }, { address: '10.244.0.9', ready: false }])];
    const plan = planned({ services: [service({})], endpointSlices: slices });
    expect(plan.of('cluster-ports')).toEqual(['10.96.0.5 . tcp . 80 : goto tcp-all-2']);
    expect(plan.chain('tcp-all-2')).toEqual(['dnat ip to ip daddr . tcp dport . numgen random mod 2 map @tcp-endpoints']);
    const endpoints = ['10.96.0.5 . 80 . 0 : 10.244.0.2 . 8080', '10.96.0.5 . 80 . 1 : 10.244.0.3 . 8080'];
    expect(plan.of('tcp-endpoints')).toEqual(endpoints);
    expect(planned({ services: [service({})], endpointSlices: [...slices].reverse() }).of('tcp-endpoints')).toEqual(endpoints);
  });

  test('changes the element of the endpoint that changes, and those of its number where there are more or fewer', () => {
    const plan = new ServicePlan();
    const others = Array.from(
      { length: 50 },
      (_, index): Service => ({
        ...service({ clusterIP: `10.96.1.${index}` }),
        metadata: { name: `other-${index}`, namespace: 'default' },
      }),
    );
    const web = service({});
    const changesTo = (addresses: string[]) => {
      const slices = [slice(addresses.map((address) => ({ address })))];
      plan.takeChanges();
      plan.update(whole({ services: [web, ...others], endpointSlices: slices }));
      return [...plan.takeChanges().ids].filter((id) => !id.startsWith('hairpins')).sort();
    };
    changesTo(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    const at = (index: number, address: string) => `tcp-endpoints { 10.96.0.5 . 80 . ${index} : ${address} . 8080 }`;
    expect(changesTo(['10.0.0.1', '10.0.0.2', '10.0.0.3'])).toEqual([]);
    expect(changesTo(['10.0.0.0', '10.0.0.2', '10.0.0.3'])).toEqual([at(0, '10.0.0.0'), at(0, '10.0.0.1')]);
    const leads = (count: number) => `cluster-ports { 10.96.0.5 . tcp . 80 : goto tcp-all-${count} }`;
    expect(changesTo(['10.0.0.2', '10.0.0.3'])).toEqual([
      ...['chain tcp-all-2', 'chain tcp-all-3', leads(2), leads(3)],
      ...[at(0, '10.0.0.0'), at(0, '10.0.0.3'), at(2, '10.0.0.3')],
    ]);
  });

  test('leaves nothing of services and pods that are gone, whatever came before', () => {
    const plan = new ServicePlan();
    const none = planned({}, plan).text;
    const endpointSlices = [slice([{ address: '10.244.0.2', node: 'here' }])];
    const ports = [{ port: 80, protocol: 'TCP' as const, nodePort: 30_080 }];
    const sticky = service({ sessionAffinity: 'ClientIP', externalTrafficPolicy: 'Local', ports, externalIPs: ['192.0.2.9'] });
    const other: Service = { ...service({ ports }), metadata: { name: 'other', namespace: 'default' } };
    for (const services of [[sticky, other], [other], [sticky, service({})], []]) planned({ services, endpointSlices }, plan);
    expect(planned({}, plan).text).toBe(none);
    // Also where the node gets another zone meanwhile, for which all are looked at.
    planned({ services: [sticky, other], endpointSlices }, plan);
    planned({ services: [other], endpointSlices, zone: 'a' }, plan);
    expect(planned({ zone: 'b' }, plan).text).toBe(none);
  });

  test('gives an address and port that several services name to the oldest, and to the next when that is gone', () => {
    const named = (name: string, clusterIP: string, creationTimestamp: string): Service => ({
      ...service({ clusterIP, externalIPs: ['192.0.2.9'] }),
      metadata: { name, namespace: 'default', creationTimestamp },
    });
    const [old, young] = [named('web', '10.96.0.5', '2026-01-01T00:00:00Z'), named('a', '10.96.0.6', '2026-01-02T00:00:00Z')];
    const plan = new ServicePlan();
    const of = (services: Service[]) =>
      planned({ services, endpointSlices: [slice([{ address: '10.244.0.2' }])] }, plan).of('outside-ports');
    expect(of([young])).toEqual([]);
    expect(of([young, old])).toEqual(['192.0.2.9 . tcp . 80 : goto tcp-all-1']);
    expect(planned({ services: [young] }, plan).of('refused-outside-ports')).toEqual(['192.0.2.9 . tcp . 80']);
    expect(of([])).toEqual([]);
  });

  test('refuses at once what has no endpoint or no such port, on the cluster address, and the node port', () => {
    const plan = planned({ services: [service({ type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }] })] });
    expect(plan.of('service-addresses')).toEqual(['10.96.0.5']);
    expect(plan.of('cluster-ports')).toEqual([]);
    expect(plan.of('refused-node-ports')).toEqual(['tcp . 30080']);
  });

  test('falls back to endpoints that still serve while they end', () => {
    const ending = slice([{ address: '10.244.0.2', ready: false, serving: true, terminating: true }]);
    expect(endpointsIn(planned({ services: [service({})], endpointSlices: [ending] }))).toEqual(['10.244.0.2 . 8080']);
    const both = [ending, slice([{ address: '10.244.0.3' }])];
    expect(endpointsIn(planned({ services: [service({})], endpointSlices: both }))).toEqual(['10.244.0.3 . 8080']);
  });

  test('keeps to this node what comes from outside where the traffic policy says so, and nothing of its own', () => {
    const endpoints = [
      { address: '10.244.0.2', node: 'here' },
      { address: '10.244.1.2', node: 'there' },
    ];
    const ports = [{ port: 80, protocol: 'TCP' as const, nodePort: 30_080 }];
    const spec = { type: 'NodePort' as const, externalTrafficPolicy: 'Local' as const, ports };
    const plan = planned({ services: [service(spec)], endpointSlices: [slice(endpoints)] });
    expect(plan.of('cluster-ports')).toEqual(['10.96.0.5 . tcp . 80 : goto tcp-all-2']);
    expect(plan.chainOf('node-ports', 'tcp . 30080')).toEqual([
      ...['iifname "brth0" goto node-tcp-all-2', 'fib saddr type local goto node-tcp-all-2', 'goto node-tcp-local-1'],
    ]);
    expect(plan.of('node-tcp-endpoints')).toContain('30080 . 65536 : 10.244.0.2 . 8080');
    const elsewhere = planned({ services: [service(spec)], endpointSlices: [slice(endpoints.slice(1))] });
    expect(elsewhere.chainOf('node-ports', 'tcp . 30080').at(-1)).toBe('drop');
    expect(elsewhere.of('refused-node-ports')).toEqual([]);
  });

  test('keeps clients of the cluster address to this node where the traffic policy says so, and drops what no endpoint here may have', () => {
    const endpoints = [
      { address: '10.244.0.2', node: 'here' },
      { address: '10.244.1.2', node: 'there' },
    ];
    const services = [service({ internalTrafficPolicy: 'Local' })];
    const endpointsOf = (list: typeof endpoints) => planned({ services, endpointSlices: [slice(list)] });
    expect(endpointsIn(endpointsOf(endpoints))).toEqual(['10.244.0.2 . 8080']);
    expect(endpointsOf(endpoints.slice(1)).of('cluster-ports')).toEqual(['10.96.0.5 . tcp . 80 : drop']);
  });

  test('remembers clients of an endpoint for as long as the service says, whichever way they come', () => {
    const spec = { sessionAffinity: 'ClientIP' as const, sessionAffinityConfig: { clientIP: { timeoutSeconds: 7 } } };
    const services = [service({ ...spec, ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }] })];
    const plan = planned({ services, endpointSlices: [slice([{ address: '10.244.0.2' }, { address: '10.244.0.3' }])] });
    const rules = plan.chainOf('cluster-ports', '10.96.0.5 . tcp . 80');
    expect(plan.chainOf('node-ports', 'tcp . 30080')).toEqual(rules);
    expect(rules).toHaveLength(3);
    const [, set, stay] = /^ip saddr @(clients-\S+) goto (stay-\S+)$/.exec(rules[0] ?? '') ?? [];
    expect(plan.chain(stay ?? '')).toEqual([`update @${set} { ip saddr timeout 7s }`, 'meta l4proto tcp dnat ip to 10.244.0.2:8080']);
    expect(rules.at(-1)).toMatch(/^numgen random mod 2 vmap \{ 0 : goto stay-\S+, 1 : goto stay-\S+ \}$/);
  });

  test('lets only source ranges pass to addresses of load balancers', () => {
    const balanced: Service = {
      ...service({ type: 'LoadBalancer', loadBalancerSourceRanges: [' 192.0.2.0/24'], externalIPs: ['192.0.2.9'] }),
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.8' }] } },
    };
    const plan = planned({ services: [balanced], endpointSlices: [slice([{ address: '10.244.0.2' }])] });
    expect(plan.chainOf('outside-ports', '192.0.2.8 . tcp . 80')).toEqual(['ip saddr 192.0.2.0/24 goto tcp-all-1', 'drop']);
    expect(plan.of('outside-ports')).toContain('192.0.2.9 . tcp . 80 : goto tcp-all-1');
    const annotations = { 'service.beta.kubernetes.io/load-balancer-source-ranges': '192.0.2.64/26, 198.51.100.0/24' };
    const chainWith = (loadBalancerSourceRanges: string[]) => {
      const annotated = {
        ...balanced,
        metadata: { ...balanced.metadata, annotations },
        spec: { ...balanced.spec, loadBalancerSourceRanges },
      };
      const both = planned({ services: [annotated], endpointSlices: [slice([{ address: '10.244.0.2' }])] });
      return both.chainOf('outside-ports', '192.0.2.8 . tcp . 80');
    };
    expect(chainWith([])).toEqual(['ip saddr 192.0.2.64/26 goto tcp-all-1', 'ip saddr 198.51.100.0/24 goto tcp-all-1', 'drop']);
    expect(chainWith(['192.0.2.0/24'])).toEqual(['ip saddr 192.0.2.0/24 goto tcp-all-1', 'drop']);
  });

  test('leaves addresses that this node announces to services, as it does cluster addresses', () => {
    const plan = planned({ services: [service({})], heldAddresses: ['192.0.2.240'] });
    expect(plan.of('service-addresses')).toEqual(['10.96.0.5', '192.0.2.240']);
  });

  test('has rules for SCTP as for other protocols', () => {
    const endpointSlices = [{ ...slice([{ address: '10.244.0.2' }]), ports: [{ port: 9, protocol: 'SCTP' as const }] }];
    const plan = planned({ services: [service({ ports: [{ port: 9, protocol: 'SCTP', nodePort: 30_009 }] })], endpointSlices });
    expect(plan.of('cluster-ports')).toEqual(['10.96.0.5 . sctp . 9 : goto sctp-all-1']);
    expect(plan.of('node-ports')).toEqual(['sctp . 30009 : goto node-sctp-all-1']);
  });

  test('names the outermost of ranges of pods: the kernel takes none that overlap', () => {
    const plan = planned({ peerCidrs: ['10.244.0.0/24', '10.244.0.128/25', '10.245.0.0/16', '10.245.7.0/24', '10.246.1.0/24'] });
    expect(plan.of('pod-networks')).toEqual(['10.244.0.0/24', '10.245.0.0/16', '10.246.1.0/24']);
  });

  test('leaves out headless services and names for elsewhere', () => {
    const none = [service({ clusterIP: 'None' }), service({ type: 'ExternalName', clusterIP: '' })];
    expect(planned({ services: none, endpointSlices: [slice([{ address: '10.244.0.2' }])] }).text).not.toContain('goto');
  });

  test('leaves out endpoints that are no IPv4 addresses, for which the rules of all services would be refused', () => {
    const odd = [
      { ...slice([{ address: 'example.com' }]), addressType: 'FQDN' as const },
      { ...slice([{ address: '2001:db8::1' }]), addressType: 'IPv6' as const },
      slice([{ address: '; flush ruleset' }]),
    ];
    const plan = planned({ services: [service({})], endpointSlices: [...odd, slice([{ address: '10.244.0.2' }])] });
    expect(endpointsIn(plan)).toEqual(['10.244.0.2 . 8080']);
    for (const address of ['example.com', '2001:db8', 'flush']) expect(plan.text).not.toContain(address);
  });

  test('keeps the name server and the API where they are, whatever host ports there are', () => {
    const api: Service = {
      ...service({ clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] }),
      metadata: { name: 'kubernetes', namespace: 'default' },
    };
    const apiSlice: EndpointSlice = {
      ...slice([{ address: '10.244.255.254' }]),
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    };
    const plan = planned({ services: [api], endpointSlices: [apiSlice] });
    expect(plan.of('kept')).toEqual(['10.244.255.254 . tcp . 6443', '10.96.0.10 . tcp . 53', '10.96.0.10 . udp . 53']);
  });

  test('sends a host port to its pod', () => {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 53, hostPort: 5_353, protocol: 'UDP' }] }] },
      status: { podIP: '10.244.0.7' },
    };
    const plan = planned({ pods: [pod] });
    expect(plan.of('node-ports')).toEqual(['udp . 5353 : goto node-udp-all-1']);
    expect(plan.of('node-udp-endpoints')).toEqual(['5353 . 0 : 10.244.0.7 . 53']);
  });

  test('opens a host port on the address that it names, beside others of the same number, and none of a pod that has ended', () => {
    const withPort = (podIP: string, port: ContainerPort, more: Partial<Pod['status']> = {}): Pod => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: podIP, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [port] }] },
      status: { podIP, ...more },
    });
    const port = { containerPort: 80, hostPort: 8_080, protocol: 'TCP' } as const;
    const plan = planned({
      pods: [
        withPort('10.244.0.1', { ...port, hostIP: '127.0.0.1' }),
        withPort('10.244.0.2', { ...port, hostIP: '192.0.2.2' }),
        withPort('10.244.0.3', { ...port, hostIP: '192.0.2.2', protocol: 'UDP' }),
        withPort('10.244.0.4', { ...port, hostPort: 8_081, hostIP: '0.0.0.0' }),
        withPort('10.244.0.5', { ...port, hostPort: 8_082 }, { phase: 'Failed' }),
        withPort('10.244.0.6', { ...port, hostPort: 8_083, hostIP: 'no address' }),
      ],
    });
    expect(plan.of('outside-ports')).toEqual([
      '127.0.0.1 . tcp . 8080 : goto tcp-all-1',
      '192.0.2.2 . tcp . 8080 : goto tcp-all-1',
      '192.0.2.2 . udp . 8080 : goto udp-all-1',
    ]);
    expect(plan.of('node-ports')).toEqual(['tcp . 8081 : goto node-tcp-all-1']);
    expect(plan.of('udp-endpoints')).toContain('192.0.2.2 . 8080 . 0 : 10.244.0.3 . 80');
  });
});
