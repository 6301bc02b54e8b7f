// One volume from its claim to its end, with everything that can be asked of it between: filled from an image, made larger, snapshotted,
// cloned, restored, unmounted and mounted again, deleted. Each step is announced before it begins, and waited for.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersistentVolume, PersistentVolumeClaim } from '@berth/api';
import { expect } from 'vitest';
import { apply, cluster, get, kubectl, run, until } from '../kubectl.ts';
import { claim, reader, writer } from './volume-pods.ts';

export const steps = ['provisioning', 'copy-up', 'expansion', 'snapshot', 'clone', 'restore', 'unpublish', 'publish', 'delete'] as const;
export type Step = (typeof steps)[number];

/** However often what it waits for is killed meanwhile. */
const stepSecondsMax = 150;
const [firstMebi, grownMebi] = [16, 24];

export interface VolumeLife {
  namespace: string;
  /** Of everything of this life. */
  name: string;
  image: string;
  announce(step: Step): void;
}

export async function liveOnce({ namespace, name, image, announce }: VolumeLife): Promise<void> {
  const seen = join(cluster().layout.directory, 'seen', name);
  const [copy, restored, snapshot] = [`${name}-copy`, `${name}-restored`, `${name}-snapshot`];
  const wait = (what: string, condition: string) => waitFor(namespace, what, condition);
  const numberIn = async (file: string) => Number(await readFile(join(seen, file), 'utf8').catch(() => '0'));
  const above = (file: string, least: number) =>
    until(`${file} above ${least}`, stepSecondsMax * 1000, async () => (await numberIn(file)) > least);
  const begin = (attempt: number) => apply(writer(namespace, `${name}-writer-${attempt}`, { image, claimName: name, seen }));

  announce('provisioning');
  await apply(claim(namespace, name, firstMebi));
  await begin(0);
  await wait(`pvc/${name}`, 'jsonpath={.status.phase}=Bound');
  announce('copy-up');
  await above('synced', 0);

  announce('expansion');
  await kubectl('-n', namespace, 'patch', 'pvc', name, '-p', JSON.stringify({ spec: claim(namespace, name, grownMebi).spec }));
  await wait(`pvc/${name}`, `jsonpath={.status.capacity.storage}=${grownMebi}Mi`);

  const synced = await numberIn('synced');
  announce('snapshot');
  await apply({
    ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: snapshot, namespace } },
    spec: { source: { persistentVolumeClaimName: name } },
  });
  await wait(`volumesnapshot/${snapshot}`, 'jsonpath={.status.readyToUse}=true');
  announce('clone');
  await apply(claim(namespace, copy, grownMebi, { kind: 'PersistentVolumeClaim', name }));
  announce('restore');
  await apply(claim(namespace, restored, grownMebi, { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot }));
  for (const made of [copy, restored]) await wait(`pvc/${made}`, 'jsonpath={.status.phase}=Bound');

  announce('unpublish');
  await remove(namespace, `pod/${name}-writer-0`);
  const before = await numberIn('synced');
  announce('publish');
  await begin(1);
  await apply(reader(namespace, `${name}-reader`, { copy, restored }, { image, seen }));
  await above('synced', before);
  expect(await numberIn('size-kibi')).toBeGreaterThan(firstMebi * 1024);
  // Both are of a moment after the last record that was synced before they were asked for.
  for (const made of ['copy', 'restored']) await above(made, synced - 1);
  expect(await readFile(join(seen, 'faults'), 'utf8').catch(() => '')).toBe('');
  const volumes = await Promise.all([name, copy, restored].map((one) => volumeOf(namespace, one)));

  announce('delete');
  await remove(
    namespace,
    `pod/${name}-reader`,
    `pod/${name}-writer-1`,
    `volumesnapshot/${snapshot}`,
    ...[name, copy, restored].map((one) => `pvc/${one}`),
  );
  for (const volume of volumes) await waitFor(namespace, `pv/${volume}`, 'delete');
}

/** @returns its name, once its file is what the object says */
async function volumeOf(namespace: string, claimName: string): Promise<string> {
  const { spec, status } = await get<PersistentVolumeClaim>('-n', namespace, 'pvc', claimName);
  const volume = await get<PersistentVolume>('pv', spec.volumeName ?? '');
  const { size, blocks } = await stat(volume.spec.local?.path ?? '');
  const said = [status?.capacity?.storage, volume.spec.capacity?.storage];
  expect([...said, size, blocks * 512 >= size]).toEqual([`${grownMebi}Mi`, `${grownMebi}Mi`, grownMebi * 2 ** 20, true]);
  return volume.metadata.name;
}

async function remove(namespace: string, ...objects: string[]): Promise<void> {
  await run(['-n', namespace, 'delete', '--wait=false', ...objects]);
  for (const object of objects) await waitFor(namespace, object, 'delete');
}

async function waitFor(namespace: string, object: string, condition: string): Promise<void> {
  const timeout = [`--timeout=${stepSecondsMax}s`];
  await run(['-n', namespace, 'wait', `--for=${condition}`, ...timeout, object], { timeoutMs: (stepSecondsMax + 30) * 1000 });
}
