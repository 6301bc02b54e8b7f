import { expect, test } from 'vitest';
import type { Ingress, IngressClass } from '../generated/networking-v1.types.ts';
import { Ingress as ingressKind } from '../kinds/ingress.ts';
import { IngressClass as classKind } from '../kinds/ingress-class.ts';

const idle = 'Berth accepts this field but does not act on it yet';
const ingress = (spec?: object) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'i' }, spec }) as Ingress;
const ingressClass = (controller: string, parameters?: object) =>
  ({ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'c' }, spec: { controller, parameters } }) as IngressClass;

test('resources as backends do not act, services do', () => {
  const resource = { resource: { kind: 'Bucket', name: 'b' } };
  const paths = [
    { path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } },
    { path: '/b', pathType: 'Prefix', backend: resource },
  ];
  expect(ingressKind.warnings(ingress({ defaultBackend: resource, rules: [{ host: 'x.test' }, { http: { paths } }] }))).toEqual([
    `spec.defaultBackend.resource: ${idle}`,
    `spec.rules[1].http.paths[1].backend.resource: ${idle}`,
  ]);
  expect(ingressKind.warnings(ingress({ defaultBackend: { service: { name: 's', port: { number: 80 } } } }))).toEqual([]);
});

test('what is not valid yet is warned of without a failure', () => {
  expect(ingressKind.warnings(ingress())).toEqual([]);
  expect(ingressKind.warnings(ingress({ rules: [{ http: { paths: [{ path: '/' }] } }] }))).toEqual([]);
});

test("parameters of Berth's own classes do not act; others' are others' affair", () => {
  const parameters = { kind: 'Parameters', name: 'p', scope: 'Cluster' };
  expect(classKind.warnings(ingressClass('berth.io/ingress', parameters))).toEqual([`spec.parameters: ${idle}`]);
  expect(classKind.warnings(ingressClass('berth.io/ingress'))).toEqual([]);
  expect(classKind.warnings(ingressClass('example.com/other', parameters))).toEqual([]);
});
