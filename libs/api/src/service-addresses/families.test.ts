import { fieldMessage } from '@berth/machinery';
import { expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../generated/core-v1.types.ts';
import { Service as Kind } from '../index.ts';
import { clusterIpErrors, familyChangeErrors, settleFamilies } from './families.ts';

function service(spec: Partial<ServiceSpec>): Service {
  const made: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { ports: [{ port: 80 }], selector: { app: 'web' }, ...spec },
  };
  Kind.defaults(made);
  return made;
}

type Errors = ReturnType<typeof settleFamilies>;
const texts = (errors: Errors) => errors.map((error) => `${error.field}: ${fieldMessage(error)}`);

/** What becomes of a service's families, or what is wrong with them. */
function settled(spec: Partial<ServiceSpec>, old?: Partial<ServiceSpec>): unknown {
  const next = service(spec);
  const before = old && service(old);
  if (before) Kind.strategy.prepareForUpdate?.(next, before);
  else Kind.strategy.prepareForCreate?.(next, '2020-01-02T03:04:05Z');
  const errors = settleFamilies(next, before);
  return errors.length > 0 ? texts(errors) : [next.spec.ipFamilyPolicy, next.spec.ipFamilies];
}

test('families are those of the cluster, of addresses, or what a headless service without pods of its own likes', () => {
  expect(settled({})).toEqual(['SingleStack', ['IPv4']]);
  expect(settled({ clusterIP: '10.96.0.9' })).toEqual(['SingleStack', ['IPv4']]);
  expect(settled({ ipFamilyPolicy: 'PreferDualStack' })).toEqual(['PreferDualStack', ['IPv4']]);
  expect(settled({ clusterIP: 'None' })).toEqual(['SingleStack', ['IPv4']]);
  expect(settled({ clusterIP: 'None', selector: {} })).toEqual(['RequireDualStack', ['IPv4', 'IPv6']]);
  expect(settled({ clusterIP: 'None', selector: {}, ipFamilies: ['IPv6'] })).toEqual(['RequireDualStack', ['IPv6', 'IPv4']]);
  expect(settled({ type: 'ExternalName' })).toEqual([undefined, undefined]);
});

test('what the cluster has no addresses for is refused before any is given', () => {
  expect(settled({ clusterIP: '::1' })).toEqual(['spec.clusterIPs[0]: Invalid value: ["::1"]: IPv6 is not configured on this cluster']);
  expect(settled({ ipFamilies: ['IPv6'] })).toEqual(['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster']);
  expect(settled({ ipFamilyPolicy: 'RequireDualStack' })).toEqual([
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  ]);
  expect(settled({ ipFamilies: ['IPv4', 'IPv6'] })).toEqual([
    `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`,
  ]);
});

test('addresses, families and policy fit together', () => {
  const wrong = (spec: Partial<ServiceSpec>, old?: Partial<ServiceSpec>) => texts(clusterIpErrors(service(spec), old && service(old)));
  expect(wrong({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })).toEqual([]);
  expect(wrong({ clusterIP: '10.0.0.1' })).toEqual(['spec.clusterIPs: Required value']);
  expect(wrong({ clusterIPs: ['10.0.0.1'] })).toEqual([
    'spec.clusterIPs: Invalid value: ["10.0.0.1"]: must be empty when `clusterIP` is not specified',
  ]);
  expect(wrong({ clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.1', '10.0.0.3'] })).toEqual([
    'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.3"]: first value must match `clusterIP`',
    'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.3"]: may specify no more than one IP for each IP family',
  ]);
  expect(wrong({ clusterIP: 'None', clusterIPs: ['None', 'x'] })).toEqual([
    `spec.clusterIPs: Invalid value: ["None","x"]: 'None' must be the first and only value`,
    'spec.clusterIPs[1]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]);
  expect(wrong({ clusterIP: 'odd', clusterIPs: ['odd'] }, { clusterIPs: ['odd'] })).toEqual([]);
  expect(wrong({ ipFamilies: ['IPv5', 'IPv4', 'IPv4'], ipFamilyPolicy: '' })).toEqual([
    'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
    'spec.ipFamilies[2]: Duplicate value: "IPv4"',
    'spec.ipFamilyPolicy: Unsupported value: "": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
  ]);
  expect(wrong({ clusterIP: 'fd00::1', clusterIPs: ['fd00::1', '10.0.0.1'], ipFamilies: ['IPv4', 'IPv6'] })).toEqual([
    'spec.clusterIPs[0]: Invalid value: "fd00::1": expected an IPv4 value as indicated by `ipFamilies[0]`',
    'spec.clusterIPs[1]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[1]`',
  ]);
});

test('the first address and family stay while a service has any', () => {
  const one = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' };
  const changed = (spec: Partial<ServiceSpec>, old: Partial<ServiceSpec> = one) => texts(familyChangeErrors(service(spec), service(old)));
  expect(changed(one)).toEqual([]);
  expect(changed({ ...one, clusterIPs: ['10.0.0.2'] })).toEqual([
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ]);
  expect(changed({ ...one, clusterIPs: ['10.0.0.2', 'fd00::1'], ipFamilies: ['IPv6', 'IPv4'] })).toEqual([
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2","fd00::1"]: may not change once set',
    'spec.ipFamilies[0]: Invalid value: ["10.0.0.2","fd00::1"]: may not change once set',
  ]);
  expect(changed({ ...one, ipFamilies: ['IPv6'] })).toEqual(['spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set']);
  expect(changed({ ...one, clusterIP: 'None', clusterIPs: ['None'] })).toHaveLength(1);
  expect(changed({ ...one, type: 'ExternalName' })).toEqual([]);
  const two = { ...one, clusterIPs: ['10.0.0.1', 'fd00::1'], ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };
  expect(changed({ ...one, ipFamilyPolicy: 'PreferDualStack' }, two)).toEqual([
    `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary clusterIP`,
    `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary ipFamily`,
  ]);
  expect(settled(two, two)).toEqual([
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    'spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster',
  ]);
  expect(settled({ ...one, ipFamilyPolicy: 'PreferDualStack' }, two)).toEqual([
    `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be 'SingleStack' to release the secondary cluster IP`,
    `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be 'SingleStack' to release the secondary IP family`,
  ]);
  expect(settled({ ...two, ipFamilyPolicy: 'SingleStack' }, two)).toEqual(['SingleStack', ['IPv4']]);
});
