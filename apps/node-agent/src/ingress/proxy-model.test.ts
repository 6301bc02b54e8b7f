import type { Ingress } from '@berth/api';
import type { IngressCertificate } from '@berth/protocol';
import { seededRandom } from '@berth/telemetry';
import { describe, expect, test } from 'vitest';
import { renderProxy } from './haproxy-config.ts';
import { anyHost, type ProxyModel, proxyModel } from './proxy-model.ts';
import { type Asked, backendNames, naiveService, randomAsked, randomIngresses, service } from './testing.ts';

const services = backendNames.map(service);
const modelOf = (ingresses: Ingress[], certificates: IngressCertificate[] = []): ProxyModel =>
  proxyModel({ ingresses, certificates, services, endpointSlices: [] });

function ingress(name: string, spec: Ingress['spec'], createdAt = '2026-01-01T00:00:00Z'): Ingress {
  const metadata = { name, namespace: 'default', uid: name, creationTimestamp: createdAt };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec };
}

const backend = (name: string) => ({ service: { name, port: { number: 80 } } });

/** As the proxy's rules look things up, table by table. */
function lookedUp({ exact, prefix, defaults }: ProxyModel, { host, path }: Asked): string | undefined {
  const hosts = [host, host.replace(/^[^.]+/, '*'), ''];
  for (const each of hosts) {
    const longest = [...prefix.keys()].filter((key) => `${each}${path}/`.startsWith(key)).sort((a, b) => b.length - a.length)[0];
    const found = exact.get(`${each}${path}`) ?? (longest === undefined ? undefined : prefix.get(longest));
    if (found) return found;
  }
  return (
    hosts
      .slice(0, 2)
      .map((each) => defaults.get(each))
      .find(Boolean) ?? defaults.get(anyHost)
  );
}

test('of many rules the one that Kubernetes names first answers, whatever else there is', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const ingresses = randomIngresses(random, 1 + random.int(6));
    const model = modelOf(ingresses);
    for (let request = 0; request < 30; request++) {
      const asked = randomAsked(random);
      const expected = naiveService(ingresses, asked);
      expect({ seed, asked, backend: lookedUp(model, asked) }).toEqual({ seed, asked, backend: expected && `default:${expected}:80` });
    }
  }
});

describe('a backend', () => {
  const routes = (...backends: Ingress['spec']['rules'] & object) => ingress('routes', { rules: backends });
  const to = (service: object | undefined, more: object = {}) =>
    routes({
      host: 'x.test',
      http: { paths: [{ path: '/', pathType: 'Prefix', backend: { ...(service && { service }), ...more } as never }] },
    });
  const first = (one: Ingress) => modelOf([one]).prefix.get('x.test/');

  test("is named by a port's name or number", () => {
    expect(first(to({ name: 'a', port: { name: 'http' } }))).toBe('default:a:80');
    expect(first(to({ name: 'a', port: { number: 80 } }))).toBe('default:a:80');
  });

  test.each([
    ['a service that is not there', to({ name: 'nobody', port: { number: 80 } })],
    ['a port that it has not', to({ name: 'a', port: { number: 81 } })],
    ['a port name that it has not', to({ name: 'a', port: { name: 'https' } })],
    ['another kind of resource', to(undefined, { resource: { kind: 'Bucket', name: 'b' } })],
  ])('that is %s is unavailable, and its path is still its own', (_what, one) => {
    expect(first(one)).toBe('unavailable');
  });

  test('has the endpoints of its port, and is told by its service how clients are spread', () => {
    const sticky = { ...service('a'), spec: { sessionAffinity: 'ClientIP', ports: [{ port: 80, appProtocol: 'kubernetes.io/h2c' }] } };
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'a-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'a' } },
      addressType: 'IPv4',
      ports: [{ port: 8080, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['10.0.0.1'], conditions: { ready: true } },
        { addresses: ['10.0.0.2'], conditions: { ready: false } },
      ],
    };
    const ingresses = [to({ name: 'a', port: { number: 80 } })];
    const { backends } = proxyModel({ ingresses, certificates: [], services: [sticky], endpointSlices: [slice] });
    expect(backends).toEqual([{ name: 'default:a:80', endpoints: [{ address: '10.0.0.1', port: 8080 }], sticky: true, http2: true }]);
  });
});

describe('a certificate', () => {
  const certificate = (name: string, names: string[]): IngressCertificate => ({
    apiVersion: 'berth.io/v1',
    kind: 'IngressCertificate',
    metadata: { name, namespace: 'default' },
    spec: { certificate: `${name}-certificate\n`, key: `${name}-key\n`, names },
  });
  const hosts = (ingresses: Ingress[], certificates: IngressCertificate[]) =>
    Object.fromEntries(modelOf(ingresses, certificates).certificates.map((each) => [each.name, each.hosts]));

  test('is for the hosts that an Ingress names, or else for those that it is made for', () => {
    const tls = [
      { hosts: ['x.test', '*.x.test'], secretName: 'x' },
      { secretName: 'y' },
      { hosts: ['z.test'] },
      { hosts: ['w.test'], secretName: 'absent' },
    ];
    const certificates = [certificate('x', ['whatever.test']), certificate('y', ['y.test', 'x.test'])];
    expect(hosts([ingress('i', { tls })], certificates)).toEqual({ default_x: ['*.x.test', 'x.test'], default_y: ['y.test'] });
  });

  test('of a host is that of the oldest Ingress', () => {
    const older = ingress('z', { tls: [{ hosts: ['x.test'], secretName: 'x' }] }, '2026-01-01T00:00:00Z');
    const newer = ingress('a', { tls: [{ hosts: ['x.test', 'y.test'], secretName: 'y' }] }, '2026-01-01T00:00:01Z');
    expect(hosts([newer, older], [certificate('x', []), certificate('y', [])])).toEqual({ default_x: ['x.test'], default_y: ['y.test'] });
  });
});

test('nothing that a user writes gets into the configuration, or makes more than one entry of a table', () => {
  const nasty = [
    '\n',
    '\r',
    '\u2028',
    '\0',
    ' ',
    '\t',
    '#',
    '"',
    "'",
    '\\',
    '%[env(HOME)]',
    '\n  http-request deny',
    '../../etc/passwd',
    ' default:b:80',
    '\ud800',
  ];
  const paths = (path: string) =>
    ['Exact', 'Prefix', 'ImplementationSpecific'].map((pathType) => ({ path: `/p${path}q`, pathType, backend: backend('a') }));
  const rules = nasty.flatMap((text) => [
    { host: 'x.test', http: { paths: paths(text) } },
    { host: `x${text}.test`, http: { paths: paths('') } },
    { host: 'x.test', http: { paths: [{ path: '/z', pathType: 'Exact', backend: backend(`a${text}`) }] } },
  ]);
  const tls = nasty.map((text) => ({ hosts: [`x${text}.test`], secretName: `s${text}` }));
  const odd = nasty.map((text) => ({ ...service(`a${text}`) }));
  const certificates = nasty.map(
    (text): IngressCertificate => ({
      apiVersion: 'berth.io/v1',
      kind: 'IngressCertificate',
      metadata: { name: `s${text}`, namespace: 'default' },
      spec: { certificate: 'c', key: 'k', names: [`y${text}.test`] },
    }),
  );
  const model = proxyModel({
    ingresses: [ingress('i', { rules, tls })],
    certificates,
    services: [...services, ...odd],
    endpointSlices: [],
  });
  const plain = proxyModel({
    ingresses: [ingress('i', { rules: [{ host: 'x.test', http: { paths: paths('') } }] })],
    certificates: [],
    services,
    endpointSlices: [],
  });
  const rendered = (of: ProxyModel) =>
    renderProxy({
      ...{
        model: of,
        ports: { http: 80, https: 443 },
        slots: new Map(),
        adminSocket: 'a',
        metricsSocket: 'm',
        fallbackPem: 'f',
        user: 'u',
        threads: 1,
      },
      folder: () => 'folder',
    }).files;
  const files = rendered(model);
  const main = (of: Map<string, string>) => of.get('haproxy.cfg')?.replace(/description .*/, '');
  expect(main(files)).toBe(main(rendered(plain)));
  for (const name of ['exact.map', 'prefix.map'])
    for (const line of files.get(name)?.split('\n').slice(0, -1) ?? [])
      expect(line).toMatch(/^x\.test\/[\x21-\x7e]* (default:a:80|unavailable)$/);
  expect(files.get('certificates.list')).toBe('folder/fallback.pem\n');
});

test('what a request cannot hold is percent-encoded, as clients send it', () => {
  const rules = [{ host: 'x.test', http: { paths: [{ path: '/caf\u00e9 au lait', pathType: 'Prefix', backend: backend('a') }] } }];
  expect([...modelOf([ingress('i', { rules })]).prefix.keys()]).toEqual(['x.test/caf%C3%A9%20au%20lait/']);
});
