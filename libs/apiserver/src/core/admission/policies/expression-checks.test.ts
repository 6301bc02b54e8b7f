// Expressions of policies and webhooks that make no sense are refused when they are written, with their path and in Kubernetes' words.
import {
  type admissionregistrationV1,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
} from '@berth/api';
import type { FieldError, KindDefinition, KubeObject } from '@berth/machinery';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { erased } from '../../kinds-by-name.ts';
import { withExpressionChecks } from './expression-checks.ts';

type Spec = admissionregistrationV1.ValidatingAdmissionPolicySpec;

const kind = withExpressionChecks(erased(ValidatingAdmissionPolicy));

function policy(spec: Partial<Spec>): KubeObject {
  const resourceRules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  const object = {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' } },
    spec: { matchConstraints: { resourceRules }, validations: [{ expression: 'true' }], ...spec },
  };
  kind.defaults(object);
  return object;
}

const errorsOf = (spec: Partial<Spec>, old?: Partial<Spec>): FieldError[] => kind.validate(policy(spec), old && policy(old));
const validated = (expression: string, spec: Partial<Spec> = {}) => errorsOf({ ...spec, validations: [{ expression }] });

test.each([
  'object.spec.replicas > 1',
  "object.metadata.name.startsWith('a') || oldObject == null",
  "request.userInfo.username == 'ann' && request.operation in ['CREATE', 'UPDATE']",
  "namespaceObject.metadata.labels['env'] == 'prod' && namespaceObject.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
  "authorizer.group('apps').resource('deployments').check('create').allowed()",
  'object.spec.containers.all(c, c.image.matches("^registry/") && has(c.resources.limits))',
  'object.?metadata.?labels.?app.orValue("") != ""',
  'has(request.dryRun) && !request.dryRun',
  'namespaceObject == null || object.x',
])('compiles: %s', (expression) => {
  expect(validated(expression)).toEqual([]);
});

const place = 'spec.validations[0].expression';

test.each([
  ['object.spec.replicas > ', '1:24: Syntax error: '],
  ['objct.spec.replicas > 1', "1:1: undeclared reference to 'objct' (in container '')"],
  ['request.nme == "a"', "1:8: undefined field 'nme'"],
  ['request.name > 1', "found no matching overload for '_>_' applied to '(string, int)'"],
  ['namespaceObject.spec.x == 1', "undefined field 'x'"],
  ['params.x == 1', "undeclared reference to 'params' (in container '')"],
  ['variables.x == 1', "undeclared reference to 'variables' (in container '')"],
  ["authorizer.group('apps').check('get').allowed()", "found no matching overload for 'check' applied to"],
  ['object.name.matches("(")', 'is no regular expression'],
])('does not compile: %s', (expression, message) => {
  const [error] = validated(expression);
  expect(error).toMatchObject({ type: 'Invalid', field: place, value: expression });
  expect(error?.detail).toMatch(/^compilation failed: ERROR: <input>:\d+:\d+: /);
  expect(error?.detail).toContain(message);
});

test.each([
  ['object.spec.paused', 'must evaluate to bool but got dyn'],
  ['request.name', 'must evaluate to bool but got string'],
  ['1 + 1', 'must evaluate to bool but got int'],
])('is of another type: %s', (expression, detail) => {
  expect(validated(expression)).toEqual([{ type: 'Invalid', field: place, value: expression, detail }]);
});

describe('each of a policy’s expressions has its path', () => {
  const fields = (spec: Partial<Spec>) => errorsOf(spec).map(({ field }) => field);

  test('variables, of which each knows those before it', () => {
    const variables = [
      { name: 'a', expression: 'object.spec.replicas' },
      { name: 'b', expression: 'variables.a > 1' },
      { name: 'c', expression: 'variables.d' },
    ];
    expect(fields({ variables })).toEqual(['spec.variables[2].expression']);
    expect(validated('variables.b', { variables: variables.slice(0, 2) })).toEqual([]);
    expect(validated('variables.e', { variables })[1]?.detail).toContain("undefined field 'e'");
  });

  test('messages, which may not ask the authorizer', () => {
    expect(fields({ validations: [{ expression: 'true', messageExpression: 'request.name' }] })).toEqual([]);
    expect(errorsOf({ validations: [{ expression: 'true', messageExpression: '1 == 1' }] })).toMatchObject([
      { field: 'spec.validations[0].messageExpression', detail: 'must evaluate to string but got bool' },
    ]);
    const messageExpression = "authorizer.path('/').check('get').reason()";
    expect(errorsOf({ validations: [{ expression: 'true', messageExpression }] })[0]?.detail).toContain(
      "undeclared reference to 'authorizer'",
    );
  });

  test('audit annotations', () => {
    const given = ["'a' + request.name", 'null', 'true'].map((valueExpression, i) => ({ key: `k${i}`, valueExpression }));
    expect(errorsOf({ auditAnnotations: given })).toMatchObject([
      { field: 'spec.auditAnnotations[2].valueExpression', detail: 'must evaluate to one of [string null_type] but got bool' },
    ]);
  });

  test('match conditions, which know of no variables', () => {
    const variables = [{ name: 'a', expression: 'true' }];
    const matchConditions = ['variables.a', 'params.x == 1'].map((expression, i) => ({ name: `c${i}`, expression }));
    expect(fields({ variables, matchConditions, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } })).toEqual([
      'spec.matchConditions[0].expression',
    ]);
  });

  test.each([ValidatingWebhookConfiguration, MutatingWebhookConfiguration])('match conditions of webhooks', (configuration) => {
    const webhooks = withExpressionChecks(configuration as unknown as KindDefinition);
    const conditions = (expression: string) => ({
      metadata: { name: 'w' },
      webhooks: [{ name: 'a.b.c', matchConditions: [{ name: 'c', expression }] }],
    });
    const found = (expression: string) => {
      const object = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'W', ...conditions(expression) } as unknown as KubeObject;
      return webhooks.validate(object).filter(({ field }) => field.endsWith('.expression'));
    };
    expect(found("object.kind == 'Pod'")).toEqual([]);
    expect(found('params.x == 1')).toMatchObject([{ field: 'webhooks[0].matchConditions[0].expression', type: 'Invalid' }]);
  });
});

test('what stays as a whole may be wrong, and of what changes match conditions alone may', () => {
  const bad = { expression: 'object.spec.paused' };
  expect(errorsOf({ validations: [bad] }, { validations: [bad] })).toEqual([]);
  expect(errorsOf({ validations: [bad, { expression: 'true' }] }, { validations: [bad] })).toMatchObject([
    { field: 'spec.validations[0].expression' },
  ]);
  const matchConditions = [{ name: 'a', ...bad }];
  expect(errorsOf({ matchConditions, validations: [{ expression: 'true' }] }, { matchConditions })).toEqual([]);
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  expect(errorsOf({ matchConditions, paramKind }, { matchConditions })).toMatchObject([{ field: 'spec.matchConditions[0].expression' }]);
});

test('what is an expression in one place may be none in another', () => {
  const variables = [{ name: 'x', expression: 'true' }];
  const auditAnnotations = [{ key: 'a', valueExpression: 'true' }];
  expect(errorsOf({ variables, auditAnnotations }, { variables })).toMatchObject([{ field: 'spec.auditAnnotations[0].valueExpression' }]);
});

test('more expressions than can be compiled while others wait are refused', () => {
  const validations = Array.from({ length: 1_500 }, (_, i) => ({ expression: `object.x == ${i}` }));
  expect(errorsOf({ validations })).toMatchObject([{ type: 'Forbidden', field: 'spec.validations[1000].expression' }]);
  const variables = Array.from({ length: 201 }, (_, i) => ({ name: `v${i}`, expression: '1' }));
  expect(errorsOf({ variables })).toMatchObject([{ type: 'TooMany', field: 'spec.variables' }]);
});

test('whatever is written as an expression is taken, or refused with its path', () => {
  const words = [
    'object',
    'request',
    '.',
    'name',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '?',
    ':',
    '&&',
    '||',
    '!',
    '==',
    '<',
    '+',
    '-',
    '1',
    '"a"',
    "'",
    '"',
    ',',
    'in',
    'true',
    'has',
    'all',
    'x',
    'null',
    '\\',
    '\n',
    '`',
    '.?',
    'cel.bind',
    '0x',
    '1e9',
    'b"',
    'r"',
    '∀',
    '__proto__',
    'constructor',
  ];
  const texts = fc.oneof(
    fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.constantFrom('(', '[', '{', '!', '-', 'a.').chain((part) => fc.integer({ min: 1, max: 3_000 }).map((n) => part.repeat(n))),
  );
  fc.assert(
    fc.property(texts, (expression) => {
      for (const error of validated(expression)) expect(error.field).toBe(place);
    }),
    { numRuns: 1_000 },
  );
});
