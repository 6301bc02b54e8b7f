import { expect, test } from 'vitest';
import type { Service } from '../generated/core-v1.types.ts';
import type { Ingress } from '../generated/networking-v1.types.ts';
import { ingressBackendPort } from './backend-port.ts';
import { ingressBackends, ingressRouting } from './routing.ts';

const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
const rule = (host: string, ...paths: [path: string, pathType: string, service: string][]) => ({
  host,
  http: { paths: paths.map(([path, pathType, name]) => ({ path, pathType, backend: backend(name) })) },
});
function ingress(name: string, second: number, spec: Ingress['spec']): Ingress {
  const metadata = { name, namespace: 'n', creationTimestamp: `2026-01-01T00:00:0${second}Z` };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec };
}
const routesOf = (...ingresses: Ingress[]) =>
  ingressRouting(ingresses).routes.map(({ host, match, path, backend: to }) => `${host}${path} ${match} ${to.service?.name}`);
const conflictsOf = (...ingresses: Ingress[]) =>
  ingressRouting(ingresses).conflicts.map(({ ingress: loser, field, wanted, owner }) => [
    loser.metadata.name,
    field,
    wanted,
    owner.metadata.name,
  ]);

test('a host and path is that of the oldest Ingress, of equally old ones that of the first by name; the others are conflicts', () => {
  const old = ingress('z', 0, { rules: [rule('x.test', ['/a/', 'Prefix', 'old'])] });
  const alike = ingress('b', 1, {
    rules: [rule('x.test', ['/a', 'ImplementationSpecific', 'new'], ['/a', 'Exact', 'new'], ['/b', 'Prefix', 'new'])],
  });
  const last = ingress('a', 1, { rules: [rule('x.test', ['/b', 'Prefix', 'a'])] });
  expect(routesOf(last, alike, old)).toEqual(['x.test/a prefix old', 'x.test/b prefix a', 'x.test/a exact new']);
  expect(conflictsOf(last, alike, old)).toEqual([
    ['b', 'spec.rules[0].http.paths[0]', 'x.test/a', 'z'],
    ['b', 'spec.rules[0].http.paths[2]', 'x.test/b', 'a'],
  ]);
});

test('a path that is not given is every path, and so is one of only a slash', () => {
  const rules = [
    { http: { paths: [{ pathType: 'ImplementationSpecific', backend: backend('s') }] } },
    rule('x.test', ['/', 'Prefix', 's']),
  ];
  expect(ingressRouting([ingress('i', 0, { rules })]).routes).toMatchObject([
    { host: '', match: 'prefix', path: '' },
    { host: 'x.test', match: 'prefix', path: '' },
  ]);
});

test('a default backend is for the hosts of its Ingress, and for all hosts where it names none; else the oldest one is', () => {
  const hosts = ingress('hosts', 0, { defaultBackend: backend('hosts'), rules: [{ host: 'x.test' }, { host: 'y.test' }] });
  const all = ingress('all', 1, { defaultBackend: backend('all') });
  const defaults = (...ingresses: Ingress[]) =>
    Object.fromEntries(ingressRouting(ingresses).defaults.map(({ host, backend: to }) => [host, to.service?.name]));
  expect(defaults(hosts, all)).toEqual({ 'x.test': 'hosts', 'y.test': 'hosts', '': 'all' });
  expect(defaults(hosts)).toEqual({ 'x.test': 'hosts', 'y.test': 'hosts', '': 'hosts' });
  expect(conflictsOf(hosts, all)).toEqual([]);
  expect(conflictsOf(all, ingress('more', 2, { defaultBackend: backend('more') }))).toEqual([
    ['more', 'spec.defaultBackend', 'everything else', 'all'],
  ]);
});

test('a host has one certificate; naming the same one twice is no conflict', () => {
  const one = ingress('one', 0, { tls: [{ hosts: ['x.test'], secretName: 's' }, { secretName: 'own' }] });
  const two = ingress('two', 1, { tls: [{ hosts: ['x.test', 'y.test'], secretName: 's' }] });
  const three = ingress('three', 2, { tls: [{ hosts: ['y.test'], secretName: 't' }] });
  expect(ingressRouting([three, two, one]).certificates).toEqual([
    { host: 'x.test', namespace: 'n', secretName: 's' },
    { host: '', namespace: 'n', secretName: 'own' },
    { host: 'y.test', namespace: 'n', secretName: 's' },
  ]);
  expect(conflictsOf(one, two, three)).toEqual([['three', 'spec.tls[0]', 'y.test', 'two']]);
});

test('backends are named with where they stand', () => {
  const fields = ingressBackends(
    ingress('i', 0, { defaultBackend: backend('d'), rules: [{ host: 'x.test' }, rule('y.test', ['/', 'Prefix', 's'])] }),
  );
  expect(fields.map(({ field }) => field)).toEqual(['spec.defaultBackend', 'spec.rules[1].http.paths[0].backend']);
});

test('a port is one that the service has over TCP, or a problem says why there is none', () => {
  const service = (spec: Service['spec']): Service => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec });
  const web = service({
    ports: [
      { name: 'dns', port: 80, protocol: 'UDP' },
      { name: 'http', port: 80 },
    ],
  });
  expect(ingressBackendPort(backend('s'), web).port?.name).toBe('http');
  expect(ingressBackendPort({ service: { name: 's', port: { name: 'http' } } }, web).port?.port).toBe(80);
  const problem = (to: Parameters<typeof ingressBackendPort>[0], of?: Service) => ingressBackendPort(to, of).problem;
  expect(problem(backend('s'))).toEqual({ reason: 'ServiceNotFound', message: 'service s does not exist' });
  expect(problem({ service: { name: 's', port: { name: 'dns' } } }, web)?.message).toBe('service s has no TCP port "dns"');
  expect(problem({ service: { name: 's', port: { number: 81 } } }, web)?.reason).toBe('ServicePortNotFound');
  expect(problem(backend('s'), service({ type: 'ExternalName', externalName: 'x.test' }))?.reason).toBe('UnsupportedBackend');
  expect(problem({ resource: { kind: 'Bucket', name: 'b' } }, web)?.reason).toBe('UnsupportedBackend');
});
