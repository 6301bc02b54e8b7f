// What of a policy does not fit the kinds that it is about is told in its status, in Kubernetes' words.
import {
  type admissionregistrationV1,
  type CustomResourceDefinition,
  establishedKinds,
  kinds,
  ValidatingAdmissionPolicy,
} from '@berth/api';
import { expect, test } from 'vitest';
import { KindsByName } from '../../kinds-by-name.ts';
import { PolicyServer, rule } from './policy-server-fixture.ts';
import { typeWarnings } from './type-checking.ts';

type Spec = admissionregistrationV1.ValidatingAdmissionPolicySpec;

const known = new KindsByName(kinds);
const deployments = { resourceRules: [rule(['deployments'], { apiGroups: ['apps'], apiVersions: ['v1'] })] };

const warnings = (spec: Partial<Spec>, lookup = known) =>
  typeWarnings({ metadata: { name: 'p' }, spec: { matchConstraints: deployments, ...spec } } as ValidatingAdmissionPolicy, lookup);
const of = (...expressions: string[]) => ({ validations: expressions.map((expression) => ({ expression })) });

test.each([
  'object.spec.replicas > 1',
  "object.spec.template.spec.containers.all(c, c.image.startsWith('a') && c.resources.limits['cpu'] != '1')",
  'has(object.metadata.labels) && object.metadata.creationTimestamp > timestamp("2020-01-01T00:00:00Z")',
  "oldObject == null || object.spec.strategy.rollingUpdate.maxSurge == 1 || object.metadata.annotations.exists(k, k == 'a')",
  "request.name == 'a' && namespaceObject.metadata.name == 'b' && authorizer.path('/a').check('get').allowed()",
])('fits: %s', (expression) => {
  expect(warnings(of(expression))).toEqual([]);
});

test.each([
  ["object.spec.replicas > '1'", "found no matching overload for '_>_' applied to '(int, string)'"],
  ['object.spec.maxRetries < 10', "undefined field 'maxRetries'"],
  ['object.spec.template.spec.containers.all(c, c.imge == "")', "undefined field 'imge'"],
  ['oldObject.spec.replicas.startsWith("a")', "found no matching overload for 'startsWith' applied to 'int.(string)'"],
  ['params.x == 1', "undeclared reference to 'params'"],
])('does not fit: %s', (expression, message) => {
  const [warning] = warnings(of('true', expression));
  expect(warning?.fieldRef).toBe('spec.validations[1].expression');
  expect(warning?.warning).toMatch(/^apps\/v1, Kind=Deployment: ERROR: <input>:\d+:\d+: /);
  expect(warning?.warning).toContain(message);
});

test('messages are looked at, with variables and parameters by their types', () => {
  const validations = [
    { expression: 'variables.replicas > params.data.max', messageExpression: "'wants more, got ' + object.spec.replicas" },
    { expression: 'variables.isOdd', messageExpression: "'odd ' + string(variables.replicas)" },
  ];
  const variables = [
    { name: 'replicas', expression: 'object.spec.replicas' },
    { name: 'isOdd', expression: 'variables.replicas % 2 == 1' },
  ];
  const found = warnings({ validations, variables, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
  expect(found.map(({ fieldRef }) => fieldRef)).toEqual(['spec.validations[0].expression', 'spec.validations[0].messageExpression']);
  expect(found[0]?.warning).toContain("found no matching overload for '_>_' applied to '(int, string)'");
  expect(found[1]?.warning).toContain("found no matching overload for '_+_' applied to '(string, int)'");
});

test('each kind that rules name is looked at; of wildcards and kinds that are not known nothing is said', () => {
  const both = [rule(['deployments', 'statefulsets', 'nothing', 'deployments/scale'], { apiGroups: ['apps'], apiVersions: ['v1', 'v9'] })];
  const [warning] = warnings({ ...of('object.spec.serviceName == ""'), matchConstraints: { resourceRules: both } });
  expect(warning?.warning.match(/Kind=\w+/g)).toEqual(['Kind=Deployment']);
  for (const parts of [{ apiGroups: ['*'] }, { apiVersions: ['*'] }, { resources: ['*'] }]) {
    const resourceRules = [{ ...both[0], ...parts }];
    expect(warnings({ ...of('object.nothing == 1'), matchConstraints: { resourceRules } })).toEqual([]);
  }
});

test('every built-in kind has types', () => {
  for (const { group, version, plural } of kinds) {
    const matchConstraints = { resourceRules: [rule([plural], { apiGroups: [group], apiVersions: [version] })] };
    expect(warnings({ ...of("object.metadata.name == 'a'", 'object.nothing == 1'), matchConstraints })).toHaveLength(1);
  }
});

test('kinds that users define have the types of their schema', () => {
  const spec = { type: 'object', properties: { replicas: { type: 'integer' }, any: { 'x-kubernetes-preserve-unknown-fields': true } } };
  const definition = {
    metadata: { name: 'widgets.example.com' },
    spec: {
      ...{
        group: 'example.com',
        scope: 'Cluster',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
    },
    status: {
      conditions: [{ type: 'Established', status: 'True' }],
      acceptedNames: { plural: 'widgets', kind: 'Widget' },
      storedVersions: ['v1'],
    },
  } as unknown as CustomResourceDefinition;
  const custom = new KindsByName(establishedKinds(definition)?.served ?? []);
  const matchConstraints = { resourceRules: [rule(['widgets'], { apiGroups: ['example.com'], apiVersions: ['v1'] })] };
  const expressions = of(
    'object.spec.replicas > 1 && object.spec.any.thing == 1',
    "object.spec.replicas > '1'",
    'object.spec.maxRetries < 10',
  );
  const found = warnings({ ...expressions, matchConstraints }, custom);
  expect(found.map(({ fieldRef }) => fieldRef)).toEqual(['spec.validations[1].expression', 'spec.validations[2].expression']);
  expect(found[0]?.warning).toContain("found no matching overload for '_>_' applied to '(int, string)'");
  expect(found[1]?.warning).toContain("undefined field 'maxRetries'");
});

const policies = new PolicyServer();

test('the status says what was found, and of which generation', async () => {
  await policies.inForce({ ...of("object.spec.replicas > '1'"), matchConstraints: deployments });
  const status = async () => (await policies.client.get(ValidatingAdmissionPolicy, { name: 'p' })).status;
  await expect.poll(status, { timeout: 30_000 }).toMatchObject({ observedGeneration: 1 });
  expect((await status())?.typeChecking?.expressionWarnings).toMatchObject([{ fieldRef: 'spec.validations[0].expression' }]);
  await policies.client.patch(ValidatingAdmissionPolicy, { name: 'p' }, 'merge', { spec: of('object.spec.replicas > 1') });
  await expect.poll(status, { timeout: 30_000 }).toMatchObject({ observedGeneration: 2 });
  expect((await status())?.typeChecking?.expressionWarnings).toBeUndefined();
});
