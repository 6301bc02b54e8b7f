import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { parseResolvConf, podDns } from './pod-dns.ts';

const cluster = { clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
const host = parseResolvConf('# made by hand\nnameserver 192.0.2.53\nsearch old.example\nsearch corp.example\noptions timeout:2\n');

const pod = (spec: Partial<Pod['spec']>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { containers: [], dnsPolicy: 'ClusterFirst', ...spec },
});

test('a pod asks the cluster first, with its own namespace before the others', () => {
  expect(podDns(pod({}), cluster, host)).toEqual({
    servers: ['10.96.0.10'],
    searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
    options: ['ndots:5'],
  });
});

test('the host’s own, for Default and for pods on its network that do not ask for the cluster', () => {
  expect(podDns(pod({ dnsPolicy: 'Default' }), cluster, host)).toEqual(host);
  expect(podDns(pod({ hostNetwork: true }), cluster, host)).toEqual(host);
  expect(podDns(pod({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), cluster, host).servers).toEqual(['10.96.0.10']);
});

test('what a pod states is added, and replaces options of the same name', () => {
  const dnsConfig = { nameservers: ['192.0.2.1'], searches: ['mine.example'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] };
  expect(podDns(pod({ dnsPolicy: 'None', dnsConfig }), cluster, host)).toEqual({
    servers: ['192.0.2.1'],
    searches: ['mine.example'],
    options: ['ndots:2', 'edns0'],
  });
  expect(podDns(pod({ dnsConfig }), cluster, host).options).toEqual(['ndots:2', 'edns0']);
});
