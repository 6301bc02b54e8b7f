// Which requests rules and selectors cover, and in which version what they cover is seen.
import { ConfigMap, Deployment, kinds, kindViews, Namespace, Node, Pod } from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import { erased } from '../../kinds-by-name.ts';
import { type AdmissionFacts, type AdmissionRule, MatchCriteria, type MatchResources } from './index.ts';

const served = [...kinds, ...kindViews];
const kindOf = (group: string, version: string, plural: string): KindDefinition => {
  const kind = served.find((other) => other.group === group && other.version === version && other.plural === plural);
  if (!kind) throw new Error(`no kind ${plural}`);
  return kind;
};
const object = (labels: Record<string, string> = {}): KubeObject => ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x', labels } });
const namespaces: Record<string, KubeObject> = { default: object({ env: 'dev', 'kubernetes.io/metadata.name': 'default' }) };
const ports = { kinds: () => served, namespace: async (name: string) => namespaces[name] };

const facts = (parts: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  operation: 'CREATE',
  user: { name: 'ann', groups: [] },
  kind: erased(ConfigMap),
  namespace: 'default',
  name: 'x',
  object: object(),
  ...parts,
});
const rule = (parts: Partial<AdmissionRule> = {}): AdmissionRule => ({
  operations: ['*'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
  ...parts,
});
const matched = async (resources: MatchResources, request: AdmissionFacts) => {
  const match = await new MatchCriteria({ matchPolicy: 'Equivalent', ...resources }).match(request, ports);
  return match && `${match.resource.version} ${match.kind.kind}`;
};

const pods = { kind: erased(Pod) };
const nodes = { kind: erased(Node), namespace: undefined };
const namespace = { kind: erased(Namespace), namespace: undefined, name: 'x' };

test.each<[string, Partial<AdmissionRule>, Partial<AdmissionFacts>, boolean]>([
  ['its own resource', {}, {}, true],
  ['another resource', { resources: ['secrets'] }, {}, false],
  ['everything', { apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }, pods, true],
  ['another group', { apiGroups: ['apps'] }, {}, false],
  ['another version', { apiVersions: ['v2'] }, {}, false],
  ['another operation', { operations: ['UPDATE', 'DELETE'] }, {}, false],
  ['one of operations', { operations: ['CONNECT', 'CREATE'] }, {}, true],
  ['no subresource by a resource', { resources: ['pods'] }, { ...pods, subresource: 'status' }, false],
  ['no subresource by every resource', { resources: ['*'] }, { ...pods, subresource: 'status' }, false],
  ['a subresource by name', { resources: ['pods/status'] }, { ...pods, subresource: 'status' }, true],
  ['no object by a subresource', { resources: ['pods/status'] }, pods, false],
  ['every subresource of one', { resources: ['pods/*'] }, { ...pods, subresource: 'exec' }, true],
  ['the object too, with every subresource', { resources: ['pods/*'] }, pods, true],
  ['one subresource of all', { resources: ['*/status'] }, { ...pods, subresource: 'status' }, true],
  ['everything and all subresources', { resources: ['*/*'] }, { ...pods, subresource: 'exec' }, true],
  ['the namespaced', { scope: 'Namespaced' }, {}, true],
  ['not the cluster’s as namespaced', { scope: 'Namespaced', resources: ['*'] }, nodes, false],
  ['the cluster’s', { scope: 'Cluster', resources: ['*'] }, nodes, true],
  ['not the namespaced as the cluster’s', { scope: 'Cluster' }, {}, false],
  ['namespaces, which are the cluster’s', { scope: 'Cluster', resources: ['*'] }, namespace, true],
  ['namespaces, though their requests have one', { scope: 'Namespaced', resources: ['*'] }, namespace, false],
  ['a name', { resourceNames: ['y', 'x'] }, {}, true],
  ['another name', { resourceNames: ['y'] }, {}, false],
])('a rule covers %s', async (_, parts, request, isCovered) => {
  expect((await matched({ resourceRules: [rule(parts)] }, facts(request))) !== undefined).toBe(isCovered);
});

test('what is excluded is not covered, in whatever version', async () => {
  const resourceRules = [rule({ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] })];
  const excludes = (parts: Partial<AdmissionRule>, matchPolicy = 'Equivalent') => ({
    resourceRules,
    excludeResourceRules: [rule(parts)],
    matchPolicy,
  });
  expect(await matched(excludes({}), facts())).toBeUndefined();
  expect(await matched(excludes({ resources: ['secrets'] }), facts())).toBe('v1 ConfigMap');
  const events = { kind: kindOf('', 'v1', 'events'), through: kindOf('events.k8s.io', 'v1', 'events') };
  expect(await matched(excludes({ resources: ['events'] }), facts(events))).toBeUndefined();
  expect(await matched(excludes({ resources: ['events'] }, 'Exact'), facts(events))).toBe('v1 Event');
});

describe('a rule about another version than that of the request', () => {
  const scaler = { kind: kindOf('autoscaling', 'v2', 'horizontalpodautoscalers') };
  const older = [rule({ apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['horizontalpodautoscalers'] })];

  test('covers it as an equivalent, which is then seen in that version', async () => {
    expect(await matched({ resourceRules: older }, facts(scaler))).toBe('v1 HorizontalPodAutoscaler');
    expect(await matched({ resourceRules: older, matchPolicy: 'Exact' }, facts(scaler))).toBeUndefined();
  });

  test('covers another group’s', async () => {
    const stored = kindOf('', 'v1', 'events');
    const request = facts({ kind: stored, through: kindOf('events.k8s.io', 'v1', 'events') });
    expect(await matched({ resourceRules: [rule({ resources: ['events'] })] }, request)).toBe('v1 Event');
    expect(await matched({ resourceRules: [rule({ resources: ['events'] })], matchPolicy: 'Exact' }, request)).toBeUndefined();
  });

  test('covers no subresource that this version has not', async () => {
    const eviction = facts({ kind: erased(Deployment), subresource: 'nothing' });
    expect(
      await matched({ resourceRules: [rule({ apiGroups: ['apps'], apiVersions: ['v2'], resources: ['*/*'] })] }, eviction),
    ).toBeUndefined();
  });
});

test('without rules a binding is about everything, a webhook about nothing', async () => {
  expect(await new MatchCriteria({}, { matchesWithoutRules: true }).match(facts(), ports)).toMatchObject({ kind: { kind: 'ConfigMap' } });
  expect(await new MatchCriteria({}).match(facts(), ports)).toBeUndefined();
});

test('what is sent is named where it is not the resource’s kind', async () => {
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const request = facts({ kind: erased(Deployment), subresource: 'scale', bodyKind: scale });
  const resourceRules = [rule({ apiGroups: ['apps'], resources: ['deployments/scale'] })];
  expect(await matched({ resourceRules }, request)).toBe('v1 Scale');
});

describe('selectors of namespaces', () => {
  const everything = [rule({ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] })];
  const by = (matchLabels: Record<string, string>) => ({ resourceRules: everything, namespaceSelector: { matchLabels } });

  test('look at the labels of the request’s namespace', async () => {
    expect(await matched(by({ env: 'dev' }), facts())).toBe('v1 ConfigMap');
    expect(await matched(by({ 'kubernetes.io/metadata.name': 'default' }), facts())).toBe('v1 ConfigMap');
    expect(await matched(by({ env: 'prod' }), facts())).toBeUndefined();
  });

  test('exempt nothing that is the cluster’s', async () => {
    expect(await matched(by({ env: 'prod' }), facts(nodes))).toBe('v1 Node');
  });

  test('look at a namespace’s own labels as they will be, and as they are when it is deleted', async () => {
    const own = { ...namespace, name: 'default' };
    expect(await matched(by({ env: 'prod' }), facts({ ...own, object: object({ env: 'prod' }) }))).toBe('v1 Namespace');
    expect(await matched(by({ env: 'dev' }), facts({ ...own, operation: 'UPDATE', object: object({ env: 'prod' }) }))).toBeUndefined();
    expect(await matched(by({ env: 'dev' }), facts({ ...own, operation: 'DELETE', object: undefined, old: object() }))).toBe(
      'v1 Namespace',
    );
  });

  test('say that a namespace is not there, where rules cover the request', async () => {
    await expect(matched(by({ env: 'dev' }), facts({ namespace: 'gone' }))).rejects.toThrow('namespaces "gone" not found');
    const others = { ...by({ env: 'dev' }), resourceRules: [rule({ resources: ['secrets'] })] };
    expect(await matched(others, facts({ namespace: 'gone' }))).toBeUndefined();
  });
});

test('a selector of objects looks at what is there and at what will be', async () => {
  const selecting = { resourceRules: [rule()], objectSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] } };
  expect(await matched(selecting, facts({ object: object({ app: 'web' }) }))).toBe('v1 ConfigMap');
  expect(await matched(selecting, facts({ operation: 'UPDATE', object: object(), old: object({ app: 'web' }) }))).toBe('v1 ConfigMap');
  expect(await matched(selecting, facts({ operation: 'DELETE', object: undefined, old: object({ app: 'web' }) }))).toBe('v1 ConfigMap');
  expect(await matched(selecting, facts())).toBeUndefined();
});
