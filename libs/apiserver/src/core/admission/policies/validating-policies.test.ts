// Policies in force: what they see, what they refuse in Kubernetes' words, and that they hold at once.
import { ConfigMap, Namespace, Pod, Secret, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import { callFor } from '../../test-server.ts';
import { configMap, messageOf, PolicyServer, prefix, refusal, refusing, rule } from './policy-server-fixture.ts';

const policies = new PolicyServer();

describe('a validation that fails', () => {
  test('refuses the request in Kubernetes’ words, from the moment that its binding is written', async () => {
    await policies.create(configMap('before'));
    await policies.inForce(refusing("object.metadata.name != 'x'"));
    const error = await refusal(policies.create());
    expect(error?.message).toBe(`${prefix}failed expression: object.metadata.name != 'x'`);
    expect(error?.code).toBe(422);
    expect(error?.status.reason).toBe('Invalid');
    expect(error?.status.details.causes).toEqual([{ message: error?.message.slice('configmaps "x" is forbidden: '.length) }]);
    await policies.client.delete(ValidatingAdmissionPolicyBinding, { name: 'p-binding' });
    await policies.create();
  });

  test.each([
    ['Forbidden', 403],
    ['RequestEntityTooLarge', 413],
    ['Invalid', 422],
  ])('has the reason %s', async (reason, code) => {
    await policies.inForce(refusing('false', { reason, message: ' no ' }));
    const error = await refusal(policies.create());
    expect([error?.code, error?.status.reason, error?.message]).toEqual([code, reason, `${prefix}no`]);
  });

  test.each([
    ["'got ' + object.metadata.name", 'got x'],
    ["'a\\nb'", 'stated'],
    ["object.data.absent + ''", 'stated'],
    ["'  '", 'stated'],
  ])('has the message that %s makes', async (messageExpression, message) => {
    await policies.inForce(refusing('false', { message: 'stated', messageExpression }));
    expect(await messageOf(policies.create())).toBe(prefix + message);
  });

  test('holds for changes and deletions as well, and sees what was there', async () => {
    const spec = refusing("request.operation == 'CREATE' || oldObject.metadata.name != 'x'", {
      messageExpression: 'request.operation + string(object == null)',
    });
    await policies.inForce(spec);
    const made = await policies.create();
    expect(await messageOf(policies.client.update(ConfigMap, { ...made, data: { a: 'b' } }))).toBe(`${prefix}UPDATEfalse`);
  });

  test('warns, and is recorded, where the binding says so', async () => {
    await policies.inForce(
      { ...refusing('false', { message: 'hm' }), auditAnnotations: [{ key: 'name', valueExpression: "'is ' + object.metadata.name" }] },
      { validationActions: ['Warn', 'Audit'] },
    );
    const notes = new Map<string, string>();
    const audit = { annotate: (key: string, value: string) => void notes.set(key, value), spent() {} };
    const { warnings } = await policies.running.server.create({ ...callFor(ConfigMap, 'default'), audit }, configMap());
    expect(warnings).toEqual(["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p-binding': hm"]);
    const failure = { message: 'hm', policy: 'p', binding: 'p-binding', expressionIndex: 0, validationActions: ['Warn', 'Audit'] };
    expect(JSON.parse(notes.get('validation.policy.admission.k8s.io/validation_failure') ?? '')).toEqual([failure]);
    expect(notes.get('p/name')).toBe('is x');
    expect(policies.checks.map(({ action, errorType }) => `${action} ${errorType}`)).toEqual(['warn invalid_error', 'audit invalid_error']);
  });
});

describe('variables', () => {
  test('are made of each other, when they are asked for', async () => {
    await policies.inForce({
      variables: [
        { name: 'size', expression: 'object.data.size' },
        { name: 'number', expression: 'int(variables.size)' },
        { name: 'isOdd', expression: 'variables.number % 2 == 1' },
        { name: 'unused', expression: 'object.nothing.at.all' },
      ],
      validations: [{ expression: 'variables.number > 1' }, { expression: 'variables.isOdd' }],
    });
    await policies.create(configMap('x', { size: '3' }));
    expect(await messageOf(policies.create(configMap('y', { size: '4' })))).toContain('failed expression: variables.isOdd');
    expect(await messageOf(policies.create(configMap('y', { size: 'a' })))).toContain('composited variable "number" fails to evaluate');
    expect(await messageOf(policies.create(configMap('y')))).toContain(
      `expression 'variables.number > 1' resulted in error: composited variable "number" fails to evaluate: composited variable "size" fails to evaluate: no such key: data`,
    );
  });
});

describe('an expression without a value', () => {
  test('refuses the request under Fail, and says why', async () => {
    await policies.inForce(refusing("object.data.a == 'b'"));
    expect(await messageOf(policies.create(configMap('x', { c: 'd' })))).toBe(
      `${prefix}expression 'object.data.a == 'b'' resulted in error: no such key: a`,
    );
    expect(policies.checks).toMatchObject([{ policy: 'p', binding: 'p-binding', action: 'deny', errorType: 'invalid_error' }]);
  });

  test('is passed over under Ignore, and counted', async () => {
    await policies.inForce({ ...refusing("object.data.a == 'b'"), failurePolicy: 'Ignore' });
    await policies.create(configMap('x', { c: 'd' }));
    expect(policies.checks).toMatchObject([{ action: 'allow', errorType: 'invalid_error' }]);
  });
});

describe('match conditions', () => {
  test('leave out what they do not hold for', async () => {
    await policies.inForce({ ...refusing('false'), matchConditions: [{ name: 'only-x', expression: "object.metadata.name == 'x'" }] });
    await policies.create(configMap('y'));
    expect(await messageOf(policies.create())).toBe(`${prefix}failed expression: false`);
  });
});

describe('the namespace of a request', () => {
  test('is what expressions and selectors see', async () => {
    await policies.inForce(refusing("namespaceObject.metadata.name != 'default'"), {
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } },
    });
    expect(await messageOf(policies.create())).toContain('failed expression');
    await policies.create(configMap('x', {}, {}, 'kube-system'));
  });

  test('is none for what is of the cluster', async () => {
    await policies.inForce({
      ...refusing('namespaceObject == null && request.namespace == object.metadata.name'),
      matchConstraints: { resourceRules: [rule(['namespaces'])] },
    });
    await policies.client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'made' }, spec: {} });
  });
});

describe('a deletion', () => {
  const spec = {
    ...refusing("object == null && oldObject.data.keep != 'yes'", {
      messageExpression: "request.operation + ' of ' + oldObject.data.keep",
    }),
    matchConstraints: { resourceRules: [rule(['configmaps'], { operations: ['DELETE'] })] },
  };

  test('is refused for what was there, also when it is only tried', async () => {
    await policies.create(configMap('x', { keep: 'yes' }));
    await policies.create(configMap('y', { keep: 'no' }));
    await policies.inForce(spec);
    const remove = (name: string, dryRun = false) => policies.client.delete(ConfigMap, { namespace: 'default', name }, { dryRun });
    expect(await messageOf(remove('x'))).toBe(`${prefix}DELETE of yes`);
    expect(await messageOf(remove('x', true))).toBe(`${prefix}DELETE of yes`);
    await policies.client.patch(ConfigMap, { namespace: 'default', name: 'x' }, 'merge', { data: { other: 'a' } });
    await remove('y');
    await policies.client.delete(ValidatingAdmissionPolicyBinding, { name: 'p-binding' });
  });

  test('of many is refused for the first that may not go', async () => {
    await policies.create(configMap('x', { keep: 'yes' }));
    await policies.inForce(spec);
    const { server } = policies.running;
    expect(await messageOf(server.deleteCollection(callFor(ConfigMap, 'default'), {}, {}))).toBe(`${prefix}DELETE of yes`);
    expect((await policies.client.get(ConfigMap, { namespace: 'default', name: 'x' })).data).toEqual({ keep: 'yes' });
    await policies.client.delete(ValidatingAdmissionPolicyBinding, { name: 'p-binding' });
  });
});

test('a stream is refused by its options, and where no policy is about it, it is not', async () => {
  await policies.inForce({
    ...refusing("request.operation == 'CONNECT' && request.subResource == 'exec' && object.command[0] != 'sh'", { message: 'no shells' }),
    matchConstraints: { resourceRules: [rule(['pods/exec'], { operations: ['CONNECT'] })] },
  });
  const connect = (subresource: string, command: string[]) => {
    const options = { kind: 'PodExecOptions', apiVersion: 'v1', command } as unknown as KubeObject;
    return messageOf(policies.running.server.connect(callFor(Pod, 'default', 'x', subresource), 'create', options));
  };
  expect(await connect('exec', ['sh'])).toBe(
    "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: no shells",
  );
  const admitted = 'pods "x" not found';
  expect(await connect('exec', ['ls'])).toBe(admitted);
  expect(await connect('attach', ['sh'])).toBe(admitted);
});

test('nobody is locked out of policies by a policy', async () => {
  await policies.inForce({ ...refusing('false'), matchConstraints: { resourceRules: [rule(['*'])] } });
  expect(await messageOf(policies.create())).toContain('failed expression');
  await policies.client.patch(ValidatingAdmissionPolicy, { name: 'p' }, 'merge', { spec: { validations: [{ expression: 'true' }] } });
  await policies.create();
});

test('of several policies each is asked, and the first that refuses is named', async () => {
  await policies.inForce(
    { ...refusing('false', { message: 'second' }), matchConstraints: { resourceRules: [rule(['secrets', 'configmaps'])] } },
    {},
    'q',
  );
  await policies.inForce(refusing('true'), {}, 'p');
  expect(await messageOf(policies.create())).toContain("ValidatingAdmissionPolicy 'q' with binding 'q-binding' denied request: second");
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } };
  expect(await messageOf(policies.client.create(Secret, secret))).toContain('second');
});

test('a policy that takes too much fails by itself, and the server answers others meanwhile', async () => {
  const data = { list: Array.from({ length: 3_000 }, (_, i) => `${i}`).join(',') };
  const endless = "object.data.list.split(',').all(a, object.data.list.split(',').all(b, a + b != ''))";
  await policies.inForce({ validations: [{ expression: endless }, { expression: endless }] });
  expect(await messageOf(policies.create(configMap('x', data)))).toContain('operation cancelled: actual cost limit exceeded');
});
