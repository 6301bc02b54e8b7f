import { expect, test } from 'vitest';
import { AuditPolicy } from './policy.ts';

const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
const policy = (rules: string) => AuditPolicy.parse('p.yaml', `${head}rules:\n${rules}`);
const bob = { name: 'bob', groups: ['dev'] };
const pods = { group: '', resource: 'pods', namespace: 'shop', name: 'web' };
const level = (rules: string, verb: string, resource?: object, path = '/x') =>
  policy(rules).decide(bob, { verb, path, resource: resource as typeof pods }).level;

test.each([
  ['- {level: Metadata}', 'get', pods, 'Metadata'],
  ['- {level: None, users: [bob]}\n- {level: Metadata}', 'get', pods, 'None'],
  ['- {level: None, users: [ann]}\n- {level: Request}', 'get', pods, 'Request'],
  ['- {level: None, userGroups: [dev]}\n- {level: Request}', 'get', pods, 'None'],
  ['- {level: RequestResponse, verbs: [create]}', 'get', pods, 'None'],
  ['- {level: Metadata, resources: [{group: "", resources: [pods]}]}', 'get', { ...pods, subresource: 'log' }, 'None'],
  ['- {level: Metadata, resources: [{group: "", resources: ["pods/*"]}]}', 'get', { ...pods, subresource: 'log' }, 'Metadata'],
  ['- {level: Metadata, resources: [{group: "", resources: ["*/log"]}]}', 'get', { ...pods, subresource: 'log' }, 'Metadata'],
  ['- {level: Metadata, resources: [{group: apps}]}', 'get', pods, 'None'],
  ['- {level: Metadata, resources: [{group: "", resources: [pods], resourceNames: [db]}]}', 'get', pods, 'None'],
  ['- {level: Metadata, namespaces: [shop]}', 'get', pods, 'Metadata'],
  ['- {level: Metadata, namespaces: [shop]}', 'get', undefined, 'None'],
  ['- {level: None, nonResourceURLs: ["/x*"]}\n- {level: Request}', 'get', undefined, 'None'],
  ['- {level: None, nonResourceURLs: ["/x*"]}\n- {level: Request}', 'get', pods, 'Request'],
])('%s on %s: %#', (rules, verb, resource, expected) => {
  expect(level(rules, verb, resource)).toBe(expected);
});

test('stages are left out for all rules or for one', () => {
  const text = `${head}omitStages: [RequestReceived]\nrules:\n- {level: Metadata, omitStages: [ResponseStarted]}`;
  expect([...AuditPolicy.parse('p.yaml', text).decide(bob, { verb: 'get', path: '/' }).omitted]).toEqual([
    'RequestReceived',
    'ResponseStarted',
  ]);
});

test.each([
  ['kind: Pod', 'p.yaml: must be a Policy of audit.k8s.io/v1'],
  [`${head}rules: []`, 'p.yaml: rules must list at least one rule'],
  [`${head}rules: [{level: All}]`, 'p.yaml: rules[0].level is "All": use one of None, Metadata, Request, RequestResponse'],
  [`${head}rules: [{level: None, users: bob}]`, 'p.yaml: rules[0].users must be a list of strings'],
  [`${head}rules: [{level: None, omitStages: [Never]}]`, 'rules[0].omitStages must list some of'],
  [`${head}rules: [{level: None, resources: [{resources: [1]}]}]`, 'rules[0].resources[0].resources must be a list of strings'],
  [`${head}rules: [{level: None, resources: [], nonResourceURLs: [/]}]`, 'at the same time'],
])('%s is refused', (text, problem) => {
  expect(() => AuditPolicy.parse('p.yaml', text)).toThrow(problem);
});
