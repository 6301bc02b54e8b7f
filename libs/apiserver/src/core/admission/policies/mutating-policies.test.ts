// MutatingAdmissionPolicy as a user meets it: what is stored of what was sent, and why something is refused, in Kubernetes' words.
import { ConfigMap, Deployment, MutatingAdmissionPolicy, MutatingWebhookConfiguration, Namespace, Service } from '@berth/api';
import { describe, expect, test } from 'vitest';
import { service, startTestServer } from '../../test-server.ts';
import { applied, deployment, MutatingServer, patched, policyOf, setting } from './mutating-server-fixture.ts';
import { configMap, messageOf, refusal, rule } from './policy-server-fixture.ts';

const server = new MutatingServer();
const denied = `policy 'p' with binding 'p-binding' denied request: `;
const toDeployments = { matchConstraints: { resourceRules: [rule(['deployments'], { operations: ['CREATE', 'UPDATE'] })] } };
const inPods = (parts: string) => {
  const path = ['Object', 'Object.spec', 'Object.spec.template', 'Object.spec.template.spec'];
  return applied(`${path[0]}{spec: ${path[1]}{template: ${path[2]}{spec: ${path[3]}{${parts}}}}}`);
};

test('a configuration is put into the object as server-side apply does, without owning it', async () => {
  await server.inForce([applied('Object{metadata: Object.metadata{labels: {"team": "a"}}, data: {"k": "w", ?"n": object.data.?k}}')]);
  const { metadata, data } = await server.create(configMap('x', { k: 'v', other: 'o' }, { app: 'web' }));
  expect([metadata.labels, data]).toEqual([
    { app: 'web', team: 'a' },
    { k: 'w', n: 'v', other: 'o' },
  ]);
  const [owner] = metadata.managedFields ?? [];
  expect(JSON.stringify(owner?.fieldsV1)).not.toContain('team');
});

test('items of a list are merged by its keys, and new ones come last', async () => {
  const item = 'Object.spec.template.spec.containers';
  await server.inForce(
    [
      inPods(
        `containers: [${item}{name: "side", image: "s"}, ${item}{name: "web", image: "r/" + object.spec.template.spec.containers[0].image}]`,
      ),
    ],
    toDeployments,
  );
  const { spec } = await server.client.create(Deployment, deployment());
  expect(spec.template.spec?.containers.map(({ name, image }) => [name, image])).toEqual([
    ['side', 's'],
    ['web', 'r/nginx'],
  ]);
});

test('a JSON patch is carried out, and one of which a test fails is not', async () => {
  await server.inForce([
    patched(`[JSONPatch{op: "test", path: "/data/k", value: "v"}, JSONPatch{op: "move", from: "/data/k", path: "/data/l"}]`),
    patched(`[JSONPatch{op: "test", path: "/data/l", value: "x"}, JSONPatch{op: "remove", path: "/data/l"}]`),
    patched(`[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: object.data.l}]`),
    patched(`has(object.data.l) ? [JSONPatch{op: "add", path: "/data", value: Object.data{l: object.data.l, n: "n"}}] : []`),
  ]);
  const { metadata, data } = await server.create(configMap('x', { k: 'v' }, { app: 'web' }));
  expect([metadata.labels, data]).toEqual([
    { app: 'web', 'a/b': 'v' },
    { l: 'v', n: 'n' },
  ]);
});

describe('expressions', () => {
  test('see the request, its namespace, variables, parameters and what its user may do', async () => {
    await server.client.create(ConfigMap, configMap('params', { team: 'a' }));
    await server.inForce(
      [
        setting('all', 'variables.who + "," + params.data.team + "," + namespaceObject.metadata.name'),
        setting('may', 'string(authorizer.group("").resource("pods").check("get").allowed())'),
      ],
      {
        variables: [{ name: 'who', expression: 'request.userInfo.username + ":" + request.operation' }],
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      },
      { paramRef: { name: 'params', parameterNotFoundAction: 'Deny' } },
    );
    expect((await server.create()).data).toEqual({ all: 'admin:CREATE,a,default', may: 'true' });
    const { data } = await server.client.update(ConfigMap, configMap('x', { n: '1' }));
    expect(data).toEqual({ n: '1', all: 'admin:UPDATE,a,default', may: 'true' });
  });

  test('of each mutation see what those before it have made', async () => {
    await server.inForce([setting('a', '"1"'), setting('b', 'object.data.a + "2"')]);
    expect((await server.create()).data).toEqual({ a: '1', b: '12' });
  });

  test('are made once for each of the parameters that are selected', async () => {
    for (const name of ['one', 'two']) await server.client.create(ConfigMap, configMap(name, {}, { param: 'yes' }));
    const paramRef = { selector: { matchLabels: { param: 'yes' } }, parameterNotFoundAction: 'Deny' } as const;
    const mutations = [patched('[JSONPatch{op: "add", path: "/data/" + params.metadata.name, value: "x"}]')];
    await server.inForce(mutations, { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }, { paramRef });
    expect((await server.create(configMap('x', { a: 'b' }))).data).toEqual({ a: 'b', one: 'x', two: 'x' });
  });
});

describe('what goes wrong', () => {
  test.each([
    [setting('a', 'object.data.nope'), `expression 'Object{data: {"a": object.data.nope}}' resulted in error: no such key: nope`],
    [
      applied('Object{nope: 1}'),
      'error applying patch: failed to convert patch object to typed object: .nope: field not declared in schema',
    ],
    [
      applied('Object{data: Object.wrong{}}'),
      'type mismatch: unexpected type name "Object.wrong", expected "Object.data", which matches field name path from root Object type',
    ],
    [
      applied('Object{data: null}'),
      'error applying patch: failed to convert patch object to typed object: .data: expected map, got &{NULL_VALUE}',
    ],
    [
      applied('Object{metadata: Object.metadata{managedFields: []}}'),
      'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .metadata.managedFields',
    ],
    [
      patched('[JSONPatch{op: "remove", path: "/data/nope"}]'),
      "JSON Patch: error in remove for path: '/data/nope': Unable to remove nonexistent key: nope: missing value",
    ],
    [patched('[JSONPatch{op: "nope"}]'), 'JSON Patch: Unexpected kind: nope'],
  ])('%j refuses the request', async (mutation, message) => {
    await server.inForce([mutation]);
    const error = await refusal(server.create(configMap('x', { k: 'v' })));
    expect(error).toMatchObject({ code: 403, message: denied + message });
    expect(error?.status).toMatchObject({
      reason: 'Invalid',
      details: { name: 'x', kind: 'configmaps', causes: [{ message: denied + message }] },
    });
  });

  test.each([
    [patched('[JSONPatch{op: "add", path: "/nope", value: 5}]'), 'strict decoding error: unknown field "nope"'],
    [
      patched('[JSONPatch{op: "add", path: "/data/x", value: 5}]'),
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
  ])('%j makes no object, whatever the failure policy', async (mutation, message) => {
    await server.inForce([mutation], { failurePolicy: 'Ignore' });
    expect(await refusal(server.create(configMap('x', { k: 'v' })))).toMatchObject({
      code: 500,
      message: `Internal error occurred: ${message}`,
    });
  });

  test('is passed over with the failure policy Ignore, and the other mutations are made', async () => {
    await server.inForce([setting('a', 'object.data.nope'), setting('b', '"2"')], { failurePolicy: 'Ignore' });
    expect((await server.create()).data).toEqual({ b: '2' });
    expect(server.checks.map(({ errorType }) => errorType)).toEqual(['invalid_error', 'no_error']);
  });

  test('is said of all policies at once, those that cannot be configured first', async () => {
    await server.inForce([setting('a', 'object.data.nope')]);
    const paramKind = { apiVersion: 'v1', kind: 'Nothing' };
    await server.inForce([setting('b', '"2"')], { paramKind }, { paramRef: { name: 'n', parameterNotFoundAction: 'Deny' } }, 'q');
    const error = await refusal(server.create());
    const configuration = `policy "q" denied request: failed to configure policy: failed to find resource referenced by paramKind: 'v1, Kind=Nothing'`;
    expect(error).toMatchObject({ code: 403, message: configuration, status: { reason: 'Forbidden' } });
    expect(error?.status.details.causes).toHaveLength(2);
  });

  test('an expression that takes too much is refused', async () => {
    const list = Array.from({ length: 100 }, (_, index) => index).join(', ');
    await server.inForce([setting('a', `string([${list}].all(a, [${list}].all(b, [${list}].all(c, a + b + c >= 0))))`)]);
    expect(await messageOf(server.create())).toMatch(/operation cancelled: actual cost limit exceeded$/);
  });
});

test('conditions, exceptions and bindings say what a policy is about', async () => {
  await server.inForce(
    [setting('a', '"1"')],
    {
      matchConditions: [{ name: 'wanted', expression: 'object.metadata.name != "not"' }],
      matchConstraints: {
        resourceRules: [rule(['configmaps'], { operations: ['CREATE'] })],
        excludeResourceRules: [rule(['configmaps'], { resourceNames: ['exempt'] })],
      },
    },
    { matchResources: { objectSelector: { matchLabels: { app: 'web' } } } },
  );
  const dataOf = async (name: string, labels?: Record<string, string>) => (await server.create(configMap(name, { o: 'o' }, labels))).data;
  const web = { app: 'web' };
  expect([await dataOf('yes', web), await dataOf('not', web), await dataOf('exempt', web), await dataOf('other')]).toEqual([
    { o: 'o', a: '1' },
    ...[{ o: 'o' }, { o: 'o' }, { o: 'o' }],
  ]);
});

test('an object that is not what it must be after all is refused by validation', async () => {
  await server.inForce([inPods('restartPolicy: "Never"')], toDeployments);
  expect(await messageOf(server.client.create(Deployment, deployment()))).toContain('spec.template.spec.restartPolicy');
});

test('a namespace and a service, a status and a scale can be changed as well', async () => {
  const matchConstraints = { resourceRules: [rule(['namespaces', 'services', 'deployments/scale'], { operations: ['CREATE', 'UPDATE'] })] };
  await server.inForce([applied('Object{metadata: Object.metadata{annotations: {"a": request.name}}}')], { matchConstraints }, {}, 'q');
  const { metadata } = await server.client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' }, spec: {} });
  expect(metadata.annotations).toEqual({ a: 'n' });
  expect((await server.client.create(Service, service('web'))).metadata.annotations).toEqual({ a: 'web' });
  await server.inForce([applied('Object{spec: Object.spec{replicas: object.spec.replicas + 1}}')], {
    matchConstraints: { resourceRules: [rule(['deployments/scale'], { operations: ['UPDATE'] })] },
  });
  await server.client.create(Deployment, deployment());
  await server.client.patch(
    Deployment,
    { name: 'web', namespace: 'default' },
    'merge',
    { spec: { replicas: 3 } },
    { subresource: 'scale' },
  );
  expect((await server.client.get(Deployment, { name: 'web', namespace: 'default' })).spec.replicas).toBe(4);
});

describe('those that want to see what came after them', () => {
  const count = patched(`[JSONPatch{op: "add", path: "/data/count", value: object.data.count + "+"}]`);

  test('are asked once more when anything was changed, others are not', async () => {
    await server.inForce([count], { reinvocationPolicy: 'IfNeeded' });
    expect((await server.create(configMap('x', { count: '' }))).data).toEqual({ count: '++' });
    await server.inForce([setting('q', 'object.data.count')], {}, {}, 'q');
    expect((await server.create(configMap('y', { count: '' }))).data).toEqual({ count: '++', q: '+' });
  });

  test('are asked once more after a webhook, whose changes come after those of policies', async () => {
    await server.client.create(MutatingWebhookConfiguration, {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'w' } },
      webhooks: [
        {
          ...{ name: 'w.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'], reinvocationPolicy: 'IfNeeded' },
          clientConfig: { service: { namespace: 'default', name: 'hook' } },
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        },
      ],
    });
    const seen: unknown[] = [];
    server.respond = (object) => {
      seen.push((object as ConfigMap).data?.count);
      const patch = [{ op: 'add', path: '/data/hook', value: 'yes' }];
      return { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
    };
    await server.inForce([setting('count', 'has(object.data.hook) ? "after" : "before"')], { reinvocationPolicy: 'IfNeeded' });
    expect((await server.create(configMap('x', { o: 'o' }))).data).toEqual({ o: 'o', count: 'after', hook: 'yes' });
    expect(seen).toEqual(['before', 'after']);
  });
});

test('a dry run shows what would be stored, and its own configuration is no policy’s concern', async () => {
  await server.inForce([setting('a', '"1"')], { matchConstraints: { resourceRules: [rule(['*'], { operations: ['*'] })] } });
  const policy = await server.client.create(MutatingAdmissionPolicy, policyOf('other', [setting('b', '"2"')]));
  expect(policy.spec.mutations).toHaveLength(1);
  await server.client.delete(MutatingAdmissionPolicy, { name: 'other' });
});

test('what was made of each mutation is counted', async () => {
  await server.inForce([setting('a', '"1"'), setting('b', '"2"')]);
  await server.create();
  const check = { policy: 'p', binding: 'p-binding', errorType: 'no_error', seconds: expect.any(Number) };
  expect(server.checks).toEqual([check, check]);
});

test('without the feature nothing is served, and nothing is looked at', async () => {
  const { server: without, client } = await startTestServer();
  expect(without.kinds.resource('admissionregistration.k8s.io', 'v1beta1', 'mutatingadmissionpolicies')).toBeUndefined();
  expect((await client.create(ConfigMap, configMap('x', { k: 'v' }))).data).toEqual({ k: 'v' });
  await without.stop();
});
