// Definitions bring kinds, change them and take them away while the server runs; what clients see of the objects is what
// kube-apiserver shows.
import { CustomResourceDefinition } from '@berth/api';
import { type KindDefinition, type KubeObject, managedFieldsOf } from '@berth/machinery';
import { MemoryStore } from '@berth/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiServer } from '../api-server.ts';
import { admin, callFor, startTestServer, summary, take } from '../test-server.ts';
import type { Call } from '../types.ts';

const store = () => new MemoryStore();
let shared: MemoryStore;
let server: ApiServer;
beforeEach(async () => {
  shared = store();
  ({ server } = await startTestServer({ store: shared }));
});
afterEach(() => server.stop());

const cleanup = 'customresourcecleanup.apiextensions.k8s.io';
const group = 'stable.example.com';
const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['cronSpec'],
      properties: {
        cronSpec: { type: 'string', pattern: '^\\S+$' },
        replicas: { type: 'integer', minimum: 1, maximum: 10, default: 2 },
        port: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, number: { type: 'integer' } } },
        },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
  },
};

function definition(changes: object = {}, versions: object[] = [version('v1')]): KubeObject {
  const names = { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', shortNames: ['ct'] };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `crontabs.${group}` },
    spec: { group, scope: 'Namespaced', names, versions, ...changes },
  } as KubeObject;
}

function version(name: string, parts: object = {}): object {
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' };
  return { name, served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources: { status: {}, scale }, ...parts };
}

const definitions = (name?: string) => callFor(CustomResourceDefinition, undefined, name);
const crontabs = `crontabs.${group}`;

async function establish(wanted: KubeObject = definition()): Promise<void> {
  const handle = await server.watch(definitions(), {
    sendInitialEvents: true,
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: true,
  });
  await server.create(definitions(), wanted);
  for await (const { object } of handle) {
    const { conditions = [] } = (object as CustomResourceDefinition).status ?? {};
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) break;
  }
  handle.close();
}

function kind(name = 'v1'): KindDefinition {
  return server.kinds.require(group, name, 'crontabs');
}

function at(name?: string, subresource?: string, of = 'v1'): Call {
  return { user: admin, kind: kind(of), namespace: 'default', name, subresource };
}

function crontab(name: string, spec: object = { cronSpec: '*/5' }, rest: object = {}): KubeObject {
  return { apiVersion: `${group}/v1`, kind: 'CronTab', metadata: { name }, spec, ...rest } as KubeObject;
}

/** Resolves when the definition is gone. */
async function gone(): Promise<void> {
  const handle = await server.watch(definitions(), {});
  await server.delete(definitions(crontabs));
  for await (const { type } of handle) if (type === 'DELETED') break;
  handle.close();
}

test('a definition is given its names and served before it is said to be', async () => {
  await establish();
  const { object } = await server.get(definitions(crontabs));
  expect(object).toMatchObject({
    status: {
      acceptedNames: { plural: 'crontabs', kind: 'CronTab', listKind: 'CronTabList', shortNames: ['ct'] },
      storedVersions: ['v1'],
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    },
  });
  expect(kind()).toMatchObject({ kind: 'CronTab', namespaced: true, shortNames: ['ct'] });
});

describe('an object', () => {
  beforeEach(() => establish());

  test('is pruned, defaulted and has its status to itself', async () => {
    const given = crontab('a', { cronSpec: '*/5', unknown: 1, free: { any: { thing: [1] } } }, { status: { replicas: 3 }, more: true });
    const { object, warnings } = await server.create(at(), given);
    expect(object).toMatchObject({ metadata: { generation: 1 }, spec: { cronSpec: '*/5', replicas: 2, free: { any: { thing: [1] } } } });
    expect(object).not.toHaveProperty('spec.unknown');
    expect(object).not.toHaveProperty('status');
    expect(warnings).toEqual(['unknown field "more"', 'unknown field "spec.unknown"']);
    const written = await server.update(at('a', 'status'), { ...object, spec: { cronSpec: 'no' }, status: { replicas: 3 } });
    expect(written.object).toMatchObject({ metadata: { generation: 1 }, spec: { cronSpec: '*/5' }, status: { replicas: 3 } });
  });

  test('that its schema refuses is refused with paths', async () => {
    const bad = crontab('a', { cronSpec: 'a b', replicas: 'two', ports: [{ name: 'x' }, { name: 'x' }] });
    await expect(server.create(at(), bad)).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining('spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"'),
    });
    await expect(server.create(at(), bad)).rejects.toThrow(
      `spec.cronSpec: Invalid value: "a b": spec.cronSpec in body should match '^\\S+$'`,
    );
    await expect(server.create(at(), bad)).rejects.toThrow('spec.ports[1]: Duplicate value: {"name":"x"}');
    await expect(server.create(at(), crontab('a', {}))).rejects.toThrow('spec.cronSpec: Required value');
    await expect(server.create(at(), crontab('a', { cronSpec: 'x', replicas: 11 }))).rejects.toThrow(
      'spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10',
    );
    await expect(server.create(at(), crontab('a', { cronSpec: 'x', template: { kind: 'Pod' } }))).rejects.toThrow(
      'spec.template.apiVersion: Required value',
    );
    await expect(server.create(at(), crontab('a', { cronSpec: 'x', y: 1 }), { fieldValidation: 'Strict' })).rejects.toThrow(
      'strict decoding error: unknown field "spec.y"',
    );
  });

  test('is patched by JSON patch and merge patch, and not by strategic merge', async () => {
    await server.create(at(), crontab('a'));
    const merged = await server.patch(at('a'), 'merge', { spec: { replicas: 5 } });
    expect(merged.object).toMatchObject({ metadata: { generation: 2 }, spec: { cronSpec: '*/5', replicas: 5 } });
    const patched = await server.patch(at('a'), 'json', [{ op: 'replace', path: '/spec/replicas', value: 6 }]);
    expect(patched.object).toMatchObject({ spec: { replicas: 6 } });
    await expect(server.patch(at('a'), 'strategic', { spec: { replicas: 7 } })).rejects.toMatchObject({ code: 415 });
  });

  test('is applied by several, lists with keys item by item, free parts member by member', async () => {
    const by = (fieldManager: string, spec: object) => server.patch(at('a'), 'apply', crontab('a', spec), { fieldManager });
    await by('one', { cronSpec: 'x', ports: [{ name: 'a', number: 1 }], free: { mine: { x: 1 } } });
    await by('two', { cronSpec: 'x', ports: [{ name: 'b', number: 2 }], free: { yours: [1] } });
    const { object } = await by('one', { cronSpec: 'x', ports: [{ name: 'a', number: 3 }] });
    expect(object).toMatchObject({
      spec: {
        ports: [
          { name: 'a', number: 3 },
          { name: 'b', number: 2 },
        ],
        free: { yours: [1] },
      },
    });
    expect(object).not.toHaveProperty('spec.free.mine');
    const two = managedFieldsOf(object)?.find(({ manager }) => manager === 'two')?.fieldsV1;
    expect(two).toMatchObject({ 'f:spec': { 'f:ports': { 'k:{"name":"b"}': { 'f:number': {} } }, 'f:free': { 'f:yours': {} } } });
  });

  test('is scaled', async () => {
    await server.create(at(), crontab('a'));
    await server.update(
      at('a', 'status'),
      crontab('a', undefined, { status: { replicas: 2, selector: 'app=a' }, metadata: (await server.get(at('a'))).object.metadata }),
    );
    const { object } = await server.get(at('a', 'scale'));
    expect(object).toMatchObject({ spec: { replicas: 2 }, status: { replicas: 2, selector: 'app=a' } });
    await server.patch(at('a', 'scale'), 'merge', { spec: { replicas: 4 } });
    expect((await server.get(at('a'))).object).toMatchObject({ spec: { replicas: 4 } });
  });

  test('is watched through changes of its definition', async () => {
    const handle = await server.watch(at(), {});
    await server.create(at(), crontab('a'));
    const { object } = await server.get(definitions(crontabs));
    const wider = JSON.parse(JSON.stringify(object).replaceAll('"maximum":10', '"maximum":20'));
    await server.update(definitions(crontabs), wider);
    await until(async () => (await server.create(at(), crontab('b', { cronSpec: 'x', replicas: 15 }), { dryRun: true })).code === 201);
    await server.create(at(), crontab('b', { cronSpec: 'x', replicas: 15 }));
    expect(summary(await take(handle, 2))).toEqual(['ADDED a', 'ADDED b']);
  });

  test('is shown with a default that came after it was stored', async () => {
    await server.create(at(), crontab('a'));
    const { object } = await server.get(definitions(crontabs));
    const wider = JSON.stringify(object).replace('"cronSpec":{', '"zone":{"type":"string","default":"UTC"},"cronSpec":{');
    await server.update(definitions(crontabs), JSON.parse(wider));
    await until(async () => 'zone' in ((await server.get(at('a'))).object as unknown as { spec: object }).spec);
    expect(new TextDecoder().decode((await server.get(at('a'))).bytes)).toContain('"zone":"UTC"');
  });

  test('is applied only as far as it is declared', async () => {
    const applied = server.patch(at('a'), 'apply', crontab('a', { cronSpec: 'x', odd: 1 }), { fieldManager: 'one' });
    await expect(applied).rejects.toThrow(
      'failed to create typed patch object (default/a; stable.example.com/v1, Kind=CronTab): .spec.odd: field not declared in schema',
    );
  });

  test('goes with its definition, and comes back with neither', async () => {
    await server.create(at(), crontab('a'));
    const call = at('a');
    await gone();
    expect(() => kind()).toThrow();
    await expect(server.get(call)).rejects.toMatchObject({ code: 404 });
    await establish();
    expect((await server.list(at())).entries).toEqual([]);
  });

  test('keeps its definition while its finalizer is there, and nothing more is made', async () => {
    await server.create(at(), crontab('a', undefined, { metadata: { name: 'a', finalizers: ['example.com/x'] }, spec: { cronSpec: 'x' } }));
    const done = gone();
    await until(async () => (await server.get(at('a'))).object.metadata.deletionTimestamp !== undefined);
    const { metadata } = (await server.get(definitions(crontabs))).object;
    expect([metadata.generation, metadata.deletionGracePeriodSeconds, metadata.finalizers]).toEqual([1, undefined, [cleanup]]);
    await expect(server.create(at(), crontab('b'))).rejects.toMatchObject({ code: 405 });
    // Only the second time what becomes of dependents is heeded, and a grace period begun.
    const again = await server.delete(definitions(crontabs), { propagationPolicy: 'Orphan' });
    expect(again.object.metadata).toMatchObject({ generation: 2, deletionGracePeriodSeconds: 0, finalizers: [cleanup, 'orphan'] });
    await server.patch(definitions(crontabs), 'merge', { metadata: { finalizers: [cleanup] } });
    await server.patch(at('a'), 'merge', { metadata: { finalizers: null } });
    await done;
  });

  test('is there after a restart', async () => {
    await server.create(at(), crontab('a'));
    await server.stop();
    ({ server } = await startTestServer({ store: shared }));
    expect((await server.get(at('a'))).object).toMatchObject({ apiVersion: `${group}/v1`, spec: { cronSpec: '*/5' } });
  });
});

test('every served version shows every object, whichever is stored', async () => {
  const old = version('v1beta1', { storage: false });
  await establish(definition({}, [version('v1'), old]));
  await server.create(at(undefined, undefined, 'v1beta1'), { ...crontab('a'), apiVersion: `${group}/v1beta1` });
  expect((await server.get(at('a', undefined, 'v1beta1'))).object.apiVersion).toBe(`${group}/v1beta1`);
  expect((await server.get(at('a'))).object.apiVersion).toBe(`${group}/v1`);
  const { object } = await server.get(definitions(crontabs));
  const versions = [version('v1', { storage: false }), version('v1beta1', { storage: true })];
  await server.update(definitions(crontabs), { ...object, spec: { ...(object as CustomResourceDefinition).spec, versions } });
  await until(
    async () =>
      (await server.create(at(undefined, undefined, 'v1beta1'), { ...crontab('b'), apiVersion: `${group}/v1beta1` }, { dryRun: true }))
        .code === 201 && kind('v1').conversion?.stored.version === 'v1beta1',
  );
  expect((await server.get(at('a'))).object.apiVersion).toBe(`${group}/v1`);
  expect((await server.list(at(undefined, undefined, 'v1beta1'))).entries[0]?.object.apiVersion).toBe(`${group}/v1beta1`);
  expect((await server.get(definitions(crontabs))).object).toMatchObject({ status: { storedVersions: ['v1', 'v1beta1'] } });
});

test('names that another definition has are refused until it goes', async () => {
  await establish();
  const rival = definition({ names: { plural: 'tabs', singular: 'tab', kind: 'CronTab' } });
  rival.metadata.name = `tabs.${group}`;
  await server.create(definitions(), rival);
  const read = async () => (await server.get(definitions(`tabs.${group}`))).object as CustomResourceDefinition;
  await until(async () => (await read()).status?.conditions?.length === 2);
  expect((await read()).status?.conditions).toMatchObject([
    {
      type: 'NamesAccepted',
      status: 'False',
      reason: 'ListKindConflict',
      message: '"CronTab" is already in use, "CronTabList" is already in use',
    },
    { type: 'Established', status: 'False', reason: 'NotAccepted' },
  ]);
  await gone();
  await until(async () => (await read()).status?.conditions?.[1]?.status === 'True');
  expect(server.kinds.resource(group, 'v1', 'tabs')).toBeDefined();
});

/** Waits for what the server does by itself. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (;;) {
    if (await holds().catch(() => false)) return;
    await new Promise(setImmediate);
  }
}
