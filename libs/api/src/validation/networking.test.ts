import { expect, test } from 'vitest';
import { Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR } from '../index.ts';
import { canonicalAddress, isStrictSubset, parseCidr } from './cidr.ts';
import { messages } from './messages.ts';

const networking = { apiVersion: 'networking.k8s.io/v1' };
const metadata = { name: 'web', namespace: 'default' };

test('paths, hosts and backends of an ingress', () => {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const ingress: Ingress = {
    ...networking,
    kind: 'Ingress',
    metadata: { ...metadata, annotations: { 'kubernetes.io/ingress.class': 'other' } },
    spec: {
      ingressClassName: 'nginx',
      rules: [
        { host: '1.2.3.4', http: { paths: [{ path: 'a', pathType: 'Prefix', backend }] } },
        { host: '*.example.com', http: { paths: [{ path: '/a//b', pathType: 'Exact', backend: { service: { name: 'web' } } }] } },
        { http: { paths: [{ backend: {} }] } },
      ],
    },
  };
  expect(messages(Ingress.validate(ingress))).toEqual([
    'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path',
    'spec.rules[1].http.paths[0].path: Invalid value: "/a//b": must not contain \'//\'',
    'spec.rules[1].http.paths[0].backend: Required value: port name or number is required',
    'spec.rules[2].http.paths[0].pathType: Required value: pathType must be specified',
    'annotations.kubernetes.io/ingress.class: Invalid value: "other": must match `ingressClassName` when both are specified',
  ]);
  // One that is there already may be on its way from one class to the other.
  expect(messages(Ingress.validate(ingress, ingress))).toHaveLength(5);
  const status = { loadBalancer: { ingress: [{ ip: 'a' }, { hostname: '*.a' }] } };
  expect(messages(Ingress.validateStatusUpdate({ ...ingress, status }, ingress))).toEqual([
    'status.loadBalancer.ingress[0].ip: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    expect.stringContaining('status.loadBalancer.ingress[1].hostname: Invalid value: "*.a": a lowercase RFC 1123 subdomain'),
  ]);
  expect(Ingress.columns.map((column) => column.value(ingress, 0)).slice(1, 5)).toEqual(['nginx', '1.2.3.4,*.example.com', '', '80']);
  expect(messages(Ingress.validate({ ...ingress, metadata, spec: {} }))).toEqual([
    'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
  ]);
});

test('an ingress class has a controller with a domain', () => {
  const ingressClass: IngressClass = { ...networking, kind: 'IngressClass', metadata: { name: 'nginx' }, spec: { controller: 'nginx' } };
  expect(messages(IngressClass.validate(ingressClass))).toEqual([
    'spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
  ]);
});

test('a network policy says its directions and names peers', () => {
  const policy: NetworkPolicy = {
    ...networking,
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{}, { ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }],
      egress: [{ ports: [{ port: 80, endPort: 70 }] }],
    },
  };
  NetworkPolicy.defaults(policy);
  expect(policy.spec.policyTypes).toEqual(['Ingress', 'Egress']);
  expect(messages(NetworkPolicy.validate(policy))).toEqual([
    'spec.ingress[0].from[0]: Required value: must specify a peer',
    'spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    'spec.egress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
  ]);
  expect(NetworkPolicy.columns[1]?.value(policy, 0)).toBe('app=web');
});

test('addresses and ranges of services', () => {
  const parentRef = { resource: 'services', namespace: 'default', name: 'web' };
  const address: IPAddress = { ...networking, kind: 'IPAddress', metadata: { name: '2001:DB8::1' }, spec: { parentRef } };
  expect(messages(IPAddress.validate(address))).toEqual([
    'metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
  ]);
  expect(IPAddress.columns[1]?.value(address, 0)).toBe('services/default/web');
  const range: ServiceCIDR = { ...networking, kind: 'ServiceCIDR', metadata: { name: 'a' }, spec: { cidrs: ['10.0.0.0/24'] } };
  const more = { ...range, spec: { cidrs: ['10.0.0.0/24', 'fd00::/112'] } };
  expect(ServiceCIDR.validate(more)).toEqual([]);
  expect(ServiceCIDR.validateUpdate(more, range)).toEqual([]);
  expect(messages(ServiceCIDR.validateUpdate(range, more))).toEqual(['spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable']);
});

test('ranges and canonical addresses', () => {
  const within = (inner: string, outer: string) => {
    const [a, b] = [parseCidr(inner), parseCidr(outer)];
    return a !== undefined && b !== undefined && isStrictSubset(a, b);
  };
  expect(within('10.1.0.0/16', '10.0.0.0/8')).toBe(true);
  expect(within('10.0.0.0/8', '10.0.0.0/8')).toBe(false);
  expect(within('fd00:1::/32', 'fd00::/16')).toBe(true);
  expect(within('10.0.0.0/8', '::/0')).toBe(false);
  for (const bad of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', '::/129', 'x/8']) expect(parseCidr(bad)).toBeUndefined();
  const canonical = ['::', '::1', '1::', '2001:db8::1:0:0:1', '1:0:2:3:4:5:6:7'];
  expect(canonical.map(canonicalAddress)).toEqual(canonical);
  expect(canonicalAddress('2001:0db8:0:0:1:0:0:1')).toBe('2001:db8::1:0:0:1');
});
