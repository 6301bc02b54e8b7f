import type { EndpointSlice, Pod, Service } from '@berth/api';
import { expect, test } from 'vitest';
import { staleFlows, udpFrontends } from './udp-flows.ts';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'time', namespace: 'default' },
  spec: {
    type: 'NodePort',
    clusterIP: '10.96.0.5',
    ports: [
      { name: 'udp', port: 123, protocol: 'UDP', nodePort: 30_123 },
      { name: 'tcp', port: 123, protocol: 'TCP', nodePort: 30_124 },
    ],
  },
};
const slice = (...endpoints: NonNullable<EndpointSlice['endpoints']>): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'time-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'time' } },
  addressType: 'IPv4',
  endpoints,
  ports: [
    { name: 'udp', port: 9_000, protocol: 'UDP' },
    { name: 'tcp', port: 9_000, protocol: 'TCP' },
  ],
});
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 53, hostPort: 5_353, protocol: 'UDP' }] }] },
  status: { podIP: '10.244.0.9' },
};
const alive = { addresses: ['10.244.0.2'], conditions: { ready: true, serving: true } };
const ending = { addresses: ['10.244.0.3'], conditions: { ready: false, serving: true, terminating: true } };
const over = { addresses: ['10.244.0.4'], conditions: { ready: false, serving: false, terminating: true } };

const flow = (to: string, port: number, from: string, fromPort: number, state = '') =>
  `udp      17 28 src=10.244.0.7 dst=${to} sport=5801 dport=${port} ${state}src=${from} dst=10.244.0.7 sport=${fromPort} dport=5801 mark=0 use=1`;
const isOwn = (address: string) => address === '192.0.2.2' || address === '127.0.0.1';
const stale = (lines: string[], frontends = udpFrontends([service], [slice(alive, ending, over)], [pod]), former = new Set<string>()) =>
  staleFlows(lines.join('\n'), frontends, former, isOwn).map((each) => Object.values(each).join(' '));

test('flows to what serves no more are stale, on the cluster address, the node port and the host port', () => {
  const lines = [
    flow('10.96.0.5', 123, '10.244.0.2', 9_000),
    flow('10.96.0.5', 123, '10.244.0.3', 9_000, '[ASSURED] '),
    flow('10.96.0.5', 123, '10.244.0.4', 9_000, '[UNREPLIED] '),
    flow('10.96.0.5', 124, '10.244.0.4', 9_000),
    flow('192.0.2.2', 30_123, '10.244.0.8', 9_000),
    flow('127.0.0.1', 5_353, '10.244.0.1', 53),
    flow('192.0.2.2', 5_353, '10.244.0.9', 53),
    // What is asked of other machines has nothing to do with this node's ports.
    flow('198.51.100.1', 30_123, '198.51.100.1', 30_123),
    'conntrack v1.4.7 (conntrack-tools): 8 flow entries have been shown.',
  ];
  expect(stale(lines)).toEqual(['10.96.0.5 123 10.244.0.4 9000', '192.0.2.2 30123 10.244.0.8 9000', '127.0.0.1 5353 10.244.0.1 53']);
});

test('a flow that began before its port led anywhere is stale, and many clients are one', () => {
  const line = flow('192.0.2.2', 5_353, '192.0.2.2', 5_353);
  expect(stale([line, line.replace('sport=5801', 'sport=5802')])).toEqual(['192.0.2.2 5353 192.0.2.2 5353']);
});

test('where nothing serves, flows wait for what comes next', () => {
  expect(stale([flow('10.96.0.5', 123, '10.244.0.4', 9_000)], udpFrontends([service], [slice(over)], []))).toEqual([]);
});

test('what goes through a port that is no more is stale', () => {
  const former = new Set(udpFrontends([service], [slice(alive)], [pod]).keys());
  const lines = [
    flow('10.96.0.5', 123, '10.244.0.2', 9_000),
    flow('127.0.0.1', 30_123, '10.244.0.2', 9_000),
    flow('127.0.0.1', 5_353, '10.244.0.9', 53),
    flow('127.0.0.1', 99, '127.0.0.1', 99),
  ];
  expect(stale(lines, udpFrontends([], [], []), former)).toHaveLength(3);
});
