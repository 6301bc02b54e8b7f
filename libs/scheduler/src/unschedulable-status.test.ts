// What is written of pods without a node, and what is not because they have one by now.
import type { Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { StatusError } from '@berth/machinery';
import { silentLogger, systemClock } from '@berth/telemetry';
import { beforeEach, expect, test, vi } from 'vitest';
import { UnschedulableStatus } from './unschedulable-status.ts';

interface Patch {
  metadata: { uid: string; resourceVersion: string };
  status: { conditions?: { message: string }[]; nominatedNodeName?: string | null };
}

let patches: Patch[];
/** The pod as the API has it. */
let stored: Pod;
let patching: () => Promise<void>;
let status: UnschedulableStatus;

beforeEach(() => {
  patches = [];
  stored = pod('1');
  patching = async () => {};
  const client = {
    get: async () => stored,
    patch: async (_kind: unknown, _key: unknown, _type: unknown, patch: Patch) => {
      await patching();
      if (patch.metadata.resourceVersion !== stored.metadata.resourceVersion) throw conflict;
      patches.push(patch);
    },
  } as unknown as Client;
  status = new UnschedulableStatus({ client, clock: systemClock, logger: silentLogger });
});

const conflict = StatusError.conflict({ group: '', plural: 'pods' }, 'p', 'the object has been modified');

function pod(resourceVersion: string, more: Partial<Pod> = {}): Pod {
  const metadata = { name: 'p', namespace: 'default', uid: 'p', resourceVersion };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] }, ...more };
}

test('reason and nomination are written at once, and not again while the pod shows them', async () => {
  status.write(stored, { message: 'no room', nominatedNodeName: 'a' });
  await vi.waitFor(() => expect(patches).toHaveLength(1));
  expect(patches[0]).toMatchObject({ status: { conditions: [{ message: 'no room' }], nominatedNodeName: 'a' } });
  const shown = pod('1', {
    status: {
      nominatedNodeName: 'a',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no room' }],
    },
  });
  status.write(shown, { message: 'no room', nominatedNodeName: 'a' });
  // Taken back, of a pod that may not show yet what was written.
  status.write(stored, { nominatedNodeName: '' });
  await vi.waitFor(() => expect(patches).toHaveLength(2));
  expect(patches[1]?.status).toEqual({ nominatedNodeName: null });
});

test('a pod that was changed meanwhile is written to as it is now, unless it has a node or is another one', async () => {
  stored = pod('2');
  status.write(pod('1'), { message: 'no room' });
  await vi.waitFor(() => expect(patches).toMatchObject([{ metadata: { uid: 'p', resourceVersion: '2' } }]));
  for (const other of [pod('3', { spec: { containers: [], nodeName: 'a' } }), pod('3', { metadata: { name: 'p', uid: 'another' } })]) {
    stored = other;
    status.write(pod('1'), { message: 'no room', nominatedNodeName: 'b' });
    await vi.waitFor(() => expect(status.over('p')).toBeUndefined());
  }
  expect(patches).toHaveLength(1);
});

test('of one pod one write runs at a time; what waits is merged, and dropped once the pod is to be bound', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  patching = () => promise;
  status.write(stored, { message: 'first', nominatedNodeName: 'a' });
  status.write(stored, { message: 'second' });
  status.write(stored, { nominatedNodeName: '' });
  const over = status.over('p');
  expect(over).toBeDefined();
  status.write(stored, { message: 'third' });
  resolve();
  await over;
  await vi.waitFor(() => expect(patches).toHaveLength(2));
  expect(patches.map((patch) => patch.status.conditions?.[0]?.message)).toEqual(['first', 'third']);
});
