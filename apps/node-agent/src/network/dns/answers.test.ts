import type { EndpointSlice, Service } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { answer } from './answers.ts';
import { buildZone } from './zone.ts';

const service = (name: string, spec: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { clusterIP: '10.96.0.5', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
});

const slice: EndpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'db-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'db' } },
  addressType: 'IPv4',
  endpoints: [
    { addresses: ['10.244.0.2'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.0.3'], conditions: { ready: true } },
    { addresses: ['10.244.0.4'], conditions: { ready: false } },
  ],
  ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
};

const services = [
  service('web', {}),
  service('db', { clusterIP: 'None' }),
  service('far', { type: 'ExternalName', clusterIP: '', externalName: 'Far.Example' }),
];
const zone = buildZone('cluster.local', services, [slice]);
const ask = (name: string, type: 'A' | 'AAAA' | 'SRV' | 'PTR' | 'CNAME') => answer(zone, { name, type });
const data = (name: string, type: 'A' | 'SRV' | 'PTR') =>
  ask(name, type)?.answers.map((record) => ('data' in record ? record.data : undefined));

describe('the cluster’s names', () => {
  test('a service has its address, its ports, and a name for its address', () => {
    expect(data('Web.default.svc.cluster.local', 'A')).toEqual(['10.96.0.5']);
    expect(data('_http._tcp.web.default.svc.cluster.local', 'SRV')).toEqual([
      { target: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100 },
    ]);
    expect(data('5.0.96.10.in-addr.arpa', 'PTR')).toEqual(['web.default.svc.cluster.local']);
  });

  test('a headless service has its ready endpoints, by host name or by address', () => {
    expect(data('db.default.svc.cluster.local', 'A')).toEqual(['10.244.0.2', '10.244.0.3']);
    expect(data('db-0.db.default.svc.cluster.local', 'A')).toEqual(['10.244.0.2']);
    expect(data('10-244-0-3.db.default.svc.cluster.local', 'A')).toEqual(['10.244.0.3']);
    expect(data('_sql._tcp.db.default.svc.cluster.local', 'SRV')).toHaveLength(2);
  });

  test('an endpoint that is in two slices is one', () => {
    const more: EndpointSlice = {
      ...slice,
      metadata: { ...slice.metadata, name: 'db-y' },
      ports: [{ name: 'admin', port: 9, protocol: 'TCP' }],
    };
    const twice = buildZone('cluster.local', services, [slice, more]);
    const found = (name: string, type: 'A' | 'PTR' | 'SRV') => answer(twice, { name, type })?.answers;
    expect(found('db.default.svc.cluster.local', 'A')).toHaveLength(2);
    expect(found('2.0.244.10.in-addr.arpa', 'PTR')).toHaveLength(1);
    expect(found('_sql._tcp.db.default.svc.cluster.local', 'SRV')).toHaveLength(2);
    expect(found('_admin._tcp.db.default.svc.cluster.local', 'SRV')).toHaveLength(2);
  });

  test('a name that exists without such a record is not a name that does not exist', () => {
    expect(ask('web.default.svc.cluster.local', 'AAAA')).toEqual({ rcode: 'NOERROR', answers: [] });
    expect(ask('default.svc.cluster.local', 'A')).toEqual({ rcode: 'NOERROR', answers: [] });
    expect(ask('nobody.default.svc.cluster.local', 'A')).toEqual({ rcode: 'NXDOMAIN', answers: [] });
  });

  test('pods by address, names for elsewhere, and what others are asked for', () => {
    expect(data('10-244-0-9.default.pod.cluster.local', 'A')).toEqual(['10.244.0.9']);
    expect(ask('far.default.svc.cluster.local', 'A')?.answers).toEqual([
      { name: 'far.default.svc.cluster.local', type: 'CNAME', ttl: 5, data: 'far.example' },
    ]);
    expect(ask('example.com', 'A')).toBeUndefined();
    expect(ask('notcluster.local', 'A')).toBeUndefined();
  });
});
