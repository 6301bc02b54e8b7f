import { ConfigMap, Deployment, Pod } from '@berth/api';
import { type KubeObject, managedFieldsOf, StatusError } from '@berth/machinery';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiServer } from './api-server.ts';
import { callFor, pod, startTestServer } from './test-server.ts';

let test: Awaited<ReturnType<typeof startTestServer>>;
let server: ApiServer;
beforeAll(async () => {
  test = await startTestServer();
  server = test.server;
  return () => server.stop();
});

const kubectl = { fieldManager: 'me' };

function deployment(name: string, spec: object = {}, metadata: object = {}) {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'reg/web:1' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...metadata },
    spec: { selector: { matchLabels: { app: name } }, template, ...spec },
  };
}

function apply(name: string, body: unknown, settings: object = kubectl, subresource?: string) {
  return server.patch(callFor(Deployment, 'default', name, subresource), 'apply', body, settings);
}

function owners(object: KubeObject): string[] {
  return (managedFieldsOf(object) ?? []).map(({ manager, operation, subresource }) =>
    [manager, operation, subresource ?? ''].join(' ').trim(),
  );
}

function failure(promise: Promise<unknown>): Promise<StatusError> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => (error instanceof StatusError ? error : Promise.reject(error)),
  );
}

describe('server-side apply', () => {
  it('takes an empty value for what its author wants, though the object does not show it', async () => {
    const container = { name: 'main', image: 'reg/web:1', args: ['serve'] };
    const spec = (args: string[]) => ({
      template: { metadata: { labels: { app: 'empty' } }, spec: { containers: [{ ...container, args }] } },
    });
    await apply('empty', deployment('empty', spec(['serve'])));
    const emptied = await apply('empty', deployment('empty', spec([])), { fieldManager: 'other', force: true });
    expect((emptied.object as Deployment).spec.template.spec?.containers[0]).not.toHaveProperty('args');
    expect(JSON.stringify(managedFieldsOf(emptied.object)?.find(({ manager }) => manager === 'other'))).toContain('"f:args":{}');
  });

  it('takes null for what its author wants to be nothing', async () => {
    await apply('null', deployment('null', { paused: true }));
    const refused = await failure(apply('null', deployment('null', { paused: null }), { fieldManager: 'other' }));
    expect(refused.message).toBe('Apply failed with 1 conflict: conflict with "me": .spec.paused');
    const { object } = await apply('null', deployment('null', { paused: null }), { fieldManager: 'other', force: true });
    expect((object as Deployment).spec.paused).toBeUndefined();
    const fieldsOf = (manager: string) => JSON.stringify(managedFieldsOf(object)?.find((entry) => entry.manager === manager)?.fieldsV1);
    expect(fieldsOf('other')).toContain('"f:paused":{}');
    expect(fieldsOf('me')).not.toContain('"f:paused"');
  });

  it('compares what is applied as it is written, and looks at it as an object only then', async () => {
    const limited = (cpu: unknown) => {
      const container = { name: 'main', image: 'reg/web:1', resources: { limits: { cpu } } };
      return deployment('spelled', { template: { metadata: { labels: { app: 'spelled' } }, spec: { containers: [container] } } });
    };
    await apply('spelled', limited('0.5'));
    const other = { fieldManager: 'other' };
    const path = '.spec.template.spec.containers[name="main"].resources.limits.cpu';
    expect((await failure(apply('spelled', limited('0.5'), other))).message).toBe(
      `Apply failed with 1 conflict: conflict with "me": ${path}`,
    );
    expect((await failure(apply('spelled', limited('x'), other))).reason).toBe('Conflict');
    expect((await failure(apply('spelled', limited('x'), { ...other, force: true }))).message).toContain('quantities must match');
    expect((await apply('spelled', limited('500m'), other)).code).toBe(200);
  });

  it('creates, then changes, and writes nothing when nothing changes', async () => {
    const made = await apply('a', deployment('a'));
    expect(made.code).toBe(201);
    const again = await apply('a', deployment('a'));
    expect(again.code).toBe(200);
    expect(again.object.metadata.resourceVersion).toBe(made.object.metadata.resourceVersion);
    const { object } = await apply('a', deployment('a', { replicas: 3 }));
    expect(object).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 } });
  });

  it('makes nothing in a dry run', async () => {
    expect((await apply('dry', deployment('dry'), { ...kubectl, dryRun: true })).code).toBe(201);
    expect((await failure(server.get(callFor(Deployment, 'default', 'dry')))).reason).toBe('NotFound');
  });

  it('falls back to the default when its author lets go of a field', async () => {
    await apply('b', deployment('b', { replicas: 3 }));
    const { object } = await apply('b', deployment('b'));
    expect(object).toMatchObject({ spec: { replicas: 1 } });
  });

  it('conflicts with an update, until forced', async () => {
    await apply('c', deployment('c', { replicas: 1 }));
    await server.patch(callFor(Deployment, 'default', 'c'), 'merge', { spec: { replicas: 2 } }, { fieldManager: 'other' });
    const error = await failure(apply('c', deployment('c', { replicas: 3 })));
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "other" using apps/v1: .spec.replicas');
    expect(error.status).toMatchObject({ code: 409, reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict' }] } });
    const { object } = await apply('c', deployment('c', { replicas: 3 }), { ...kubectl, force: true });
    expect(owners(object)).toEqual(['me Apply']);
  });

  it('applies a status only through its subresource', async () => {
    const status = { observedGeneration: 4 };
    const made = await apply('d', { ...deployment('d'), status });
    expect(made.object).toMatchObject({ status: {} });
    expect(owners(made.object)).toEqual(['me Apply']);
    expect(made.object).not.toMatchObject({ status });
    const { object } = await apply('d', { ...deployment('d', { replicas: 9 }), status }, { fieldManager: 'robot' }, 'status');
    expect(object).toMatchObject({ spec: { replicas: 1 }, status });
    expect(owners(object)).toEqual(['me Apply', 'robot Apply status']);
    expect((await failure(apply('none', { ...deployment('none'), status }, kubectl, 'status'))).reason).toBe('NotFound');
  });

  it('applies a scale', async () => {
    await apply('e', deployment('e'));
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'e' }, spec: { replicas: 6 } };
    const { object } = await apply('e', scale, { fieldManager: 'scaler', force: true }, 'scale');
    expect(object).toMatchObject({ kind: 'Scale', spec: { replicas: 6 } });
  });

  it.each([
    ['another version', { apiVersion: 'v1', kind: 'Deployment' }, 'invalid object type: /v1, Kind=Deployment'],
    ['another kind', { apiVersion: 'apps/v1', kind: 'DaemonSet' }, 'invalid object type: apps/v1, Kind=DaemonSet'],
    ['no version', {}, 'invalid object type: /, Kind='],
    ['no kind', { apiVersion: 'apps/v1' }, 'invalid object type: apps/v1, Kind='],
    ['null', null, 'invalid object type: /, Kind='],
    [
      'a list',
      [],
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map',
    ],
    ['another name', deployment('other'), 'does not match the name on the URL'],
    ['managedFields', deployment('f', {}, { managedFields: [] }), 'metadata.managedFields must be nil'],
    ['an unknown field', deployment('f', { nope: 1 }), 'unknown field "spec.nope"'],
  ])('refuses %s', async (_name, body, message) => {
    const error = await failure(apply('f', body, { ...kubectl, fieldValidation: 'Strict' }));
    expect(error.code).toBe(400);
    expect(error.message).toContain(message);
  });

  it('refuses an older version, a version of what does not exist, and an invalid object', async () => {
    await apply('g', deployment('g'));
    expect((await failure(apply('g', deployment('g', {}, { resourceVersion: '1' })))).reason).toBe('Conflict');
    expect((await failure(apply('h', deployment('h', {}, { resourceVersion: '1' })))).reason).toBe('NotFound');
    expect((await failure(apply('h', deployment('h', {}, { uid: 'u' })))).reason).toBe('Conflict');
    expect((await failure(apply('h', deployment('h', { replicas: -1 })))).reason).toBe('Invalid');
  });
});

describe('managedFields of other writes', () => {
  const call = callFor(ConfigMap, 'default');
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: '1', b: '2' } };

  it('name the manager, or what the client calls itself', async () => {
    const made = await server.create(call, map, { userAgent: 'kubectl/v1.35.0 (linux/amd64)' });
    expect(managedFieldsOf(made.object)).toEqual([
      {
        manager: 'kubectl',
        operation: 'Update',
        apiVersion: 'v1',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } },
      },
    ]);
    const one = { ...call, name: 'm' };
    const next = await server.patch(one, 'merge', { data: { b: '3' } }, { fieldManager: 'editor' });
    // Whose time is the older comes first, and the two may share a second.
    expect(owners(next.object).sort()).toEqual(['editor Update', 'kubectl Update']);
    const reset = await server.patch(one, 'merge', { metadata: { managedFields: [{}] } }, { fieldManager: 'editor' });
    expect(managedFieldsOf(reset.object)).toBeUndefined();
  });

  it('hold each field that a part of Berth writes, in one order, as Kubernetes writes them', async () => {
    const spec = { containers: [{ name: 'main', image: 'reg/web:1', ports: [{ containerPort: 443 }, { containerPort: 80 }] }] };
    const made = await test.system.create(Pod, { ...pod('q', { labels: { a: 'b' } }), spec });
    expect(
      JSON.stringify(
        managedFieldsOf(made)?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
        null,
        1,
      ).replace(/\n */g, ''),
    ).toBe(
      `[["kube-apiserver",{"f:metadata": {"f:labels": {".": {},"f:a": {}}},"f:spec": {"f:containers": {"k:{\\"name\\":\\"main\\"}": {".": {},${[
        '"f:image": {}',
        '"f:imagePullPolicy": {}',
        '"f:name": {}',
        '"f:ports": {".": {},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}": {".": {},"f:containerPort": {},"f:protocol": {}},"k:{\\"containerPort\\":443,\\"protocol\\":\\"TCP\\"}": {".": {},"f:containerPort": {},"f:protocol": {}}}',
        '"f:resources": {}',
        '"f:terminationMessagePath": {}',
        '"f:terminationMessagePolicy": {}',
      ].join()}}},"f:dnsPolicy": {},"f:enableServiceLinks": {},"f:restartPolicy": {},"f:schedulerName": {},"f:securityContext": {},"f:terminationGracePeriodSeconds": {}}}]]`,
    );
  });

  it('refuse an apply that would change what a part of Berth wrote', async () => {
    const made = await test.system.create(Pod, pod('owned'));
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'owned' },
      spec: { containers: [{ name: 'main', image: 'reg/other:2' }] },
    };
    const error = await failure(server.patch(callFor(Pod, 'default', 'owned'), 'apply', body, kubectl));
    expect(error.message).toBe(
      'Apply failed with 1 conflict: conflict with "kube-apiserver" using v1: .spec.containers[name="main"].image',
    );
    expect(made.spec.containers[0]?.image).toBe('registry.local/web:1');
  });

  it('record each field of a status, once, with the time of its last change', async () => {
    const made = await test.client.create(Pod, pod('p'));
    expect(owners(made)).toEqual(['admin Update']);
    const ready = { ...made, status: { ...made.status, phase: 'Running' } } as Pod;
    const first = await test.system.updateStatus(Pod, ready);
    expect(owners(first)).toEqual(['admin Update', 'kube-apiserver Update status']);
    const ofStatus = (object: KubeObject) => managedFieldsOf(object)?.find(({ subresource }) => subresource === 'status');
    expect(ofStatus(first)?.fieldsV1).toEqual({ 'f:status': { 'f:phase': {} } });
    const second = await test.system.updateStatus(Pod, { ...first, status: { ...first.status, phase: 'Failed' } } as Pod);
    expect(ofStatus(second)?.fieldsV1).toBe(ofStatus(first)?.fieldsV1);
    expect(Date.parse(ofStatus(second)?.time ?? '')).toBeGreaterThanOrEqual(Date.parse(ofStatus(first)?.time ?? ''));
  });
});
