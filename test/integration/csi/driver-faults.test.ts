// A storage driver that answers every code at each call, hangs, lies, or does what it says that it has not: after it has come to its senses the pod has
// its volume, and after the pod nothing is left, neither in the kernel nor on disk nor with the driver.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CsiLab, driverObject, podWith } from './csi-lab.ts';
import type { Fault, Method, MockDriver } from './mock-driver.ts';

type Case = [name: string, fault: Fault];
const codes = Object.entries(status).filter((entry): entry is [string, status] => typeof entry[1] === 'number' && entry[1] !== status.OK);
const answers = codes.map(([name, code]): Case => [name, { code }]);
const faults: Case[] = [
  ...answers,
  ...answers
    .filter(([name]) => ['INTERNAL', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ABORTED'].includes(name))
    .map(([name, fault]): Case => [`${name}, though it has done it`, { ...fault, isDone: true } as Fault]),
  ['nothing', { hangs: true }],
  ['nothing, and does it', { hangs: true, isDone: true }],
  ['that it has done what it has not', { lies: true }],
];
const isUndoing = (method: Method) => method === 'nodeUnpublishVolume' || method === 'nodeUnstageVolume';

let lab: CsiLab;
let driver: MockDriver;
beforeEach(async () => {
  lab = await CsiLab.open();
  lab.drivers.set('mock.example.org', driverObject());
  driver = await lab.driver();
});
afterEach(() => lab.close());

/** In the kernel and on disk. */
async function leftovers(): Promise<string[]> {
  const plugins = await readdir(join(lab.folder, 'plugins'), { recursive: true }).catch(() => ['a folder that is just being removed']);
  return [...(await lab.mounts()), ...plugins.filter((path) => /vol_data|just/.test(path)), ...(await readdir(join(lab.folder, 'pods')))];
}

/** Each with a volume of its own, all at once. */
async function forEachFault(method: Method, task: (volume: string, uid: string, name: string) => Promise<void>): Promise<void> {
  const tasks = faults.map(async ([name, fault], index) => {
    const volume = `data-${index}`;
    lab.persistentVolume(volume);
    driver.fail(method, `handle-${volume}`, fault);
    await task(volume, `u${index}`, name);
  });
  await Promise.all(tasks);
  await lab.until(async () => (await leftovers()).length === 0, `nothing to be left after ${method}`);
  expect(lab.csi.volumesInUse()).toEqual([]);
  // What a driver has forgotten to do, it believes to have still.
  const believed = [...driver.staged.keys(), ...driver.published.keys()];
  expect(believed).toEqual(isUndoing(method) ? [`handle-data-${faults.length - 1}`] : []);
}

const methods: Method[] = ['nodeStageVolume', 'nodePublishVolume', 'nodeUnpublishVolume', 'nodeUnstageVolume'];
test.each(methods)('whatever %s answers once, the volume comes, and nothing of it is left', async (method) => {
  await forEachFault(method, async (volume, uid, name) => {
    const paths = await lab.prepare(podWith(uid, [volume]), { persists: true });
    expect(await lab.mounts(), name).toContain(paths.get(volume));
    await lab.release(uid);
  });
});

test.each(['nodeStageVolume', 'nodePublishVolume'] as const)(
  'a pod that is deleted after %s answered takes everything with it',
  async (method) => {
    await forEachFault(method, async (volume, uid) => {
      await lab.prepare(podWith(uid, [volume])).catch(() => undefined);
      await lab.release(uid);
    });
  },
);
