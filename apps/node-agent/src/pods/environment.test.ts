import type { ConfigMap, Container, Pod, Secret, Service } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { type EnvironmentSources, environment, expand } from './environment.ts';

const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: '1', b: '2' } };
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'keys' },
  data: { token: Buffer.from('t0p').toString('base64') },
};
const service = (name: string, namespace: string): Service => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace } },
  spec: {
    clusterIP: '10.96.0.7',
    ports: [
      { name: 'web-ui', port: 80, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ],
  },
});

function variables(container: Partial<Container>, spec: Partial<Pod['spec']> = {}): Record<string, string> {
  const whole: Container = { name: 'main', image: 'x', ...container };
  const metadata = { name: 'web', namespace: 'shop', uid: 'u1', labels: { app: 'web' }, annotations: { note: 'a "b"' } };
  const sources: EnvironmentSources = {
    pod: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'n1', containers: [whole], ...spec } },
    ...{
      podIps: ['10.1.0.2'],
      hostIp: '10.0.0.1',
      allocatable: { cpuCores: 4, memoryBytes: 8 * 2 ** 30, storageBytes: 2 ** 36 },
      clusterDomain: 'cluster.local',
    },
    configMap: (name) => (name === 'settings' ? map : undefined),
    secret: (name) => (name === 'keys' ? secret : undefined),
    services: [service('shop-db', 'shop'), service('kubernetes', 'default')],
  };
  return Object.fromEntries(environment(whole, sources).map(({ name, value }) => [name, value]));
}

test.each([
  ['plain', 'plain'],
  ['$(A)-$(B)', '1-$(B)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$A $( $(', '$A $( $('],
  ['$(A', '$(A'],
])('%s expands to %s', (text, expected) => {
  expect(expand(text, new Map([['A', '1']]))).toBe(expected);
});

describe('references', () => {
  const from = (valueFrom: object) => variables({ env: [{ name: 'V', valueFrom }] }).V;

  test.each([
    ['metadata.name', 'web'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'u1'],
    ["metadata.labels['app']", 'web'],
    ["metadata.annotations['missing']", ''],
    ['spec.nodeName', 'n1'],
    ['status.podIP', '10.1.0.2'],
    ['status.hostIP', '10.0.0.1'],
    ['metadata.annotations', 'note="a \\"b\\""'],
  ])('to the field %s', (fieldPath, expected) => {
    expect(from({ fieldRef: { fieldPath } })).toBe(expected);
  });

  const resources = { limits: { cpu: '250m', memory: '64Mi' }, requests: { cpu: '100m' } };
  test.each([
    ['limits.cpu', undefined, '1'],
    ['limits.cpu', '1m', '250'],
    ['requests.cpu', '1m', '100'],
    ['limits.memory', '1Mi', '64'],
    ['limits.memory', '1M', '68'],
  ])('to the resource %s in units of %s', (resource, divisor, expected) => {
    const env = [{ name: 'V', valueFrom: { resourceFieldRef: { resource, ...(divisor && { divisor }) } } }];
    expect(variables({ env, resources }).V).toBe(expected);
  });

  test('to a limit that is not set is what the node can give', () => {
    expect(from({ resourceFieldRef: { resource: 'limits.cpu' } })).toBe('4');
    expect(from({ resourceFieldRef: { resource: 'limits.memory', divisor: '1Gi' } })).toBe('8');
    expect(from({ resourceFieldRef: { resource: 'limits.ephemeral-storage', divisor: '1Gi' } })).toBe('64');
    expect(from({ resourceFieldRef: { resource: 'limits.hugepages-2Mi' } })).toBe('0');
  });

  test('to keys of config maps and secrets', () => {
    expect(from({ configMapKeyRef: { name: 'settings', key: 'a' } })).toBe('1');
    expect(from({ secretKeyRef: { name: 'keys', key: 'token' } })).toBe('t0p');
    expect(from({ configMapKeyRef: { name: 'none', key: 'a', optional: true } })).toBeUndefined();
    expect(from({ secretKeyRef: { name: 'keys', key: 'none', optional: true } })).toBeUndefined();
  });

  test.each([
    [{ configMapKeyRef: { name: 'none', key: 'a' } }, 'configmap "none" not found'],
    [{ configMapKeyRef: { name: 'settings', key: 'z' } }, "couldn't find key z in ConfigMap shop/settings"],
    [{ secretKeyRef: { name: 'none', key: 'a' } }, 'secret "none" not found'],
    [{ secretKeyRef: { name: 'keys', key: 'z' } }, "couldn't find key z in Secret shop/keys"],
  ])('that cannot be resolved say so: %#', (valueFrom, message) => {
    expect(() => from(valueFrom)).toThrow(message);
  });
});

test('whole objects come first, with a prefix; single variables win and see them', () => {
  const result = variables({
    envFrom: [
      { prefix: 'S_', configMapRef: { name: 'settings' } },
      { secretRef: { name: 'keys' } },
      { configMapRef: { name: 'no', optional: true } },
    ],
    env: [
      { name: 'S_b', value: 'own' },
      { name: 'SEEN', value: '$(S_a)$(S_b)' },
    ],
  });
  expect(result).toMatchObject({ S_a: '1', S_b: 'own', token: 't0p', SEEN: '1own' });
});

test('services are told of by variables, the API server also to pods that want no links', () => {
  const all = variables({});
  expect(all).toMatchObject({
    ...{
      SHOP_DB_SERVICE_HOST: '10.96.0.7',
      SHOP_DB_SERVICE_PORT: '80',
      SHOP_DB_SERVICE_PORT_WEB_UI: '80',
      SHOP_DB_PORT: 'tcp://10.96.0.7:80',
    },
    ...{ SHOP_DB_PORT_53_UDP: 'udp://10.96.0.7:53', SHOP_DB_PORT_53_UDP_PROTO: 'udp', SHOP_DB_PORT_80_TCP_ADDR: '10.96.0.7' },
  });
  const without = variables({}, { enableServiceLinks: false });
  expect(without.SHOP_DB_SERVICE_HOST).toBeUndefined();
  expect(without.KUBERNETES_SERVICE_HOST).toBe('10.96.0.7');
});
