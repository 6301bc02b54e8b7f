import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idsPerPod, UserNamespaces } from './user-namespaces.ts';

let folder: string;
let namespaces: UserNamespaces;
const fresh = () => new UserNamespaces({ podDirectory: (uid) => join(folder, uid), knownPods: async () => readdirSync(folder) });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-userns-'));
  namespaces = fresh();
});
afterEach(() => rmSync(folder, { recursive: true }));

const name = (pod: number) => `pod-${pod}`;
const noted = (uid: string) => JSON.parse(readFileSync(join(folder, uid, 'userns'), 'utf8')) as unknown;

test("each pod has 65,536 ids of its own, from a multiple of that and never the machine's, however many ask at once", async () => {
  const ranges = await Promise.all(Array.from({ length: 120 }, (_, pod) => namespaces.of(name(pod))));
  expect(new Set(ranges.map(({ hostId }) => hostId)).size).toBe(120);
  for (const { hostId, length } of ranges) expect([hostId % idsPerPod, hostId >= idsPerPod, length]).toEqual([0, true, idsPerPod]);
});

test('a pod keeps its ids, and over a restart of the agent nobody gets those of another', async () => {
  const [first, second] = [await namespaces.of('a'), await namespaces.of('b')];
  expect(await namespaces.of('a')).toEqual(first);
  const next = fresh();
  const others = await Promise.all([next.of('c'), next.of('d')]);
  expect(await next.of('b')).toEqual(second);
  expect(new Set([first, second, ...others].map(({ hostId }) => hostId)).size).toBe(4);
  expect(noted('a')).toEqual({
    uidMappings: [{ hostId: first.hostId, containerId: 0, length: idsPerPod }],
    gidMappings: [{ hostId: first.hostId, containerId: 0, length: idsPerPod }],
  });
});

test('ids of a pod that is gone are free, and rest until others were given', async () => {
  const { hostId } = await namespaces.of('a');
  rmSync(join(folder, 'a'), { recursive: true });
  expect((await namespaces.of('b')).hostId).not.toBe(hostId);
  expect((await fresh().of('c')).hostId).toBe(hostId);
});

test.each([
  ['half a note', '{"uidMappings": [{'],
  ['nothing', ''],
  ['no mapping', '{}'],
  [
    'the ids of the machine',
    '{"uidMappings":[{"hostId":0,"containerId":0,"length":65536}],"gidMappings":[{"hostId":0,"containerId":0,"length":65536}]}',
  ],
  [
    'two kinds of ids',
    '{"uidMappings":[{"hostId":65536,"containerId":0,"length":65536}],"gidMappings":[{"hostId":131072,"containerId":0,"length":65536}]}',
  ],
  [
    'ids in between',
    '{"uidMappings":[{"hostId":65537,"containerId":0,"length":65536}],"gidMappings":[{"hostId":65537,"containerId":0,"length":65536}]}',
  ],
])("a note that says %s gives no pod ids, as they might be another's", async (_, text) => {
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a', 'userns'), text);
  await expect(namespaces.of('a')).rejects.toThrow();
  await expect(namespaces.of('b')).rejects.toThrow();
});
