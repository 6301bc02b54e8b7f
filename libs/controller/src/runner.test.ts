import type { Client, EventRecorder, InformerSet } from '@berth/client';
import { defineKind, type KindDefinition, type KubeObject, type ObjectKey, StatusError } from '@berth/machinery';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import type { Action } from './controller.ts';
import { ControllerRunner } from './runner.ts';

const Thing = defineKind<KubeObject>({
  group: '',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  scope: 'Namespaced',
  schema: { name: 'Thing', fields: [], byName: new Map(), byNumber: new Map() } as unknown as KindDefinition['schema'],
});

const thing = (name: string, uid = name): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, namespace: 'default', uid },
});

/** Runs one plan for one key over a server that holds `objects` and refuses what `refuses` says; returns what was created. */
async function carryOut(objects: KubeObject[], actions: Action[], refuses: (name: string) => boolean = () => false): Promise<string[]> {
  const created: string[] = [];
  const client = {
    get: async (kind: KindDefinition, { name }: ObjectKey) => {
      const found = objects.find(({ metadata }) => metadata.name === name);
      if (!found) throw StatusError.notFound(kind, name);
      return found;
    },
    list: async () => ({ items: objects, resourceVersion: '1' }),
    create: async (kind: KindDefinition, object: KubeObject) => {
      const { name } = object.metadata;
      if (refuses(name)) throw StatusError.forbidden(kind, name, 'no room');
      created.push(name);
      return object;
    },
  } as unknown as Client;
  const finished = Promise.withResolvers<void>();
  const informers = {
    start: async () => {},
    stop: () => {},
    of: () => ({
      onChange: (handler: (type: string, object: KubeObject) => void) => handler('ADDED', thing('key')),
      reached: async () => {},
    }),
  } as unknown as InformerSet;
  const deps = { client, informers, events: {} as EventRecorder, clock: systemClock, random: seededRandom(1), logger: silentLogger };
  let plans = 0;
  const runner = new ControllerRunner(deps, [
    {
      name: 'test',
      owns: [],
      writes: ['things'],
      watches: [{ kind: Thing, enqueue: () => ['key'] }],
      observe: () => true,
      // The second plan means that the first was carried out, or failed and is tried again.
      plan: () => {
        if (++plans > 1) finished.resolve();
        return plans === 1 ? [...actions, { type: 'requeue', afterMs: 1 }] : [];
      },
    },
  ]);
  await runner.start();
  await finished.promise;
  await runner.stop();
  return created;
}

const create = (name: string): Action => ({ type: 'create', kind: Thing, object: thing(name) });

test('nothing of a plan is written that writes what its controller does not declare', async () => {
  const undeclared: Action = { type: 'updateStatus', kind: Thing, object: thing('b') };
  expect(await carryOut([], [create('a'), undeclared])).toEqual([]);
});

test('a slow start makes one, then two, then four; after a failure it stops and says what became of it', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const actions: Action[] = [
    { type: 'slowStart', actions: names.map(create), recover: (error) => [create(`because ${error.status.reason}`)] },
  ];
  expect(await carryOut([], actions, (name) => name === 'c')).toEqual(['a', 'b', 'because Forbidden']);
  expect(await carryOut([], actions)).toEqual(names);
});

test('what depends on absence asks the server, and tells namesakes apart by uid', async () => {
  const ifAbsent = (name: string, uid?: string): Action => ({
    type: 'ifAbsent',
    kind: Thing,
    key: { namespace: 'default', name },
    ...(uid && { uid }),
    actions: [create('absent')],
    otherwise: [create('present')],
  });
  const objects = [thing('a', 'new')];
  expect(await carryOut(objects, [ifAbsent('a')])).toEqual(['present']);
  expect(await carryOut(objects, [ifAbsent('a', 'new')])).toEqual(['present']);
  expect(await carryOut(objects, [ifAbsent('a', 'old')])).toEqual(['absent']);
  expect(await carryOut(objects, [ifAbsent('b')])).toEqual(['absent']);
});

test('what depends on a version asks the server', async () => {
  const versioned = (version: string, uid = 'a'): KubeObject => {
    const { metadata, ...rest } = thing('a', uid);
    return { ...rest, metadata: { ...metadata, resourceVersion: version } };
  };
  const ifUnchanged = (object: KubeObject): Action => ({ type: 'ifUnchanged', kind: Thing, object, actions: [create('same')] });
  expect(await carryOut([versioned('7')], [ifUnchanged(versioned('7'))])).toEqual(['same']);
  expect(await carryOut([versioned('8')], [ifUnchanged(versioned('7'))])).toEqual([]);
  expect(await carryOut([versioned('7', 'new')], [ifUnchanged(versioned('7'))])).toEqual([]);
  expect(await carryOut([], [ifUnchanged(versioned('7'))])).toEqual([]);
});

test('what depends on an empty namespace asks the server', async () => {
  const actions: Action[] = [{ type: 'ifEmpty', kinds: [Thing], namespace: 'default', actions: [create('empty')] }];
  expect(await carryOut([], actions)).toEqual(['empty']);
  expect(await carryOut([thing('a')], actions)).toEqual([]);
});
