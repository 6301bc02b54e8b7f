// What newer runtimes can do and older ones cannot: a node says which it is, a pod that asks gets it there, and elsewhere is told why not.
import type { Container, Node, NodeRuntimeHandlerFeatures, Pod, PodSpec } from '@berth/api';
import { beforeAll, expect, test } from 'vitest';
import { apply, get, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';
import { exec, podOf, ready } from './pod-commands.ts';

let node: Node;
let features: NodeRuntimeHandlerFeatures;
beforeAll(async () => {
  [node] = (await get<{ items: [Node] }>('nodes')).items;
  features = node.status?.runtimeHandlers?.find(({ name }) => !name)?.features ?? {};
});

const one = (ns: string, name: string, spec: Partial<PodSpec>, more: Partial<Container> = {}) =>
  apply(pod(ns, name, [shell('main', waitForEver, more)], spec));
const events = (ns: string) => kubectl('-n', ns, 'events');

test('a node says what runs containers, and each runtime that a RuntimeClass may name there', async () => {
  expect(node.status?.nodeInfo?.containerRuntimeVersion).toMatch(/^containerd:\/\/v?[12]\.\d+/);
  const isNew = /:\/\/v?2/.test(node.status?.nodeInfo?.containerRuntimeVersion ?? '');
  expect(node.status?.runtimeHandlers?.map(({ name }) => name ?? '') ?? []).toEqual(isNew ? expect.arrayContaining(['', 'runc']) : []);
  expect(node.status?.features?.supplementalGroupsPolicy ?? false).toBe(isNew);
});

test('pods with users of their own have no two the same, or are told that there are none', () =>
  withNamespace(async (ns) => {
    const volumes = [{ name: 'data', emptyDir: {} }];
    const volumeMounts = [{ name: 'data', mountPath: '/data' }];
    for (const name of ['a', 'b']) await one(ns, name, { hostUsers: false, volumes, securityContext: { runAsUser: 0 } }, { volumeMounts });
    if (!features.userNamespaces) {
      const reason = "can't set `spec.hostUsers: false`, runtime does not support user namespaces";
      await until('the reason', 30_000, async () => (await events(ns)).includes(reason));
      expect((await podOf(ns, 'a')).status?.phase).toBe('Pending');
      return;
    }
    const ids: string[] = [];
    for (const name of ['a', 'b']) {
      await ready(ns, name);
      const [inside, outside, length] = (await exec(ns, name, 'cat', '/proc/self/uid_map')).trim().split(/\s+/);
      expect([inside, Number(outside) % 65_536, length]).toEqual(['0', 0, '65536']);
      ids.push(outside ?? '');
      // Root of the pod owns what it writes, and what it finds of the node's.
      await exec(ns, name, 'touch', '/data/mine');
      expect((await exec(ns, name, 'stat', '-c', '%u', '/data/mine', '/etc/hosts', '/dev/termination-log')).trim()).toBe('0\n0\n0');
    }
    expect(new Set([...ids, '0']).size).toBe(3);
  }));

test('what is mounted below a read-only volume is read-only too, or the container does not start', () =>
  withNamespace(async (ns) => {
    const volumes = [
      { name: 'outer', hostPath: { path: '/dev' } },
      { name: 'whole', hostPath: { path: '/dev' } },
    ];
    const mount = (name: string, recursiveReadOnly: string) => ({ name, mountPath: `/${name}`, readOnly: true, recursiveReadOnly });
    await one(ns, 'possible', { volumes }, { volumeMounts: [mount('outer', 'Disabled'), mount('whole', 'IfPossible')] });
    await ready(ns, 'possible');
    const write = async (path: string) =>
      (await exec(ns, 'possible', 'sh', '-c', `{ echo > ${path}; } 2>&1 && echo written || true`)).trim();
    // tmpfs below devtmpfs.
    expect(await write('/outer/shm/berth-e2e')).toBe('written');
    expect(await write('/whole/shm/berth-e2e')).toMatch(features.recursiveReadOnlyMounts ? /Read-only file system/ : /^written$/);
    await exec(ns, 'possible', 'rm', '-f', '/outer/shm/berth-e2e');
    await one(ns, 'must', { volumes }, { volumeMounts: [mount('whole', 'Enabled')] });
    if (features.recursiveReadOnlyMounts) await ready(ns, 'must');
    else
      await until('the reason', 30_000, async () =>
        (await events(ns)).includes('requested recursive read-only mode, but it is not supported by the runtime'),
      );
  }));

test('a pod that wants no groups of its image has none, or is not taken', () =>
  withNamespace(async (ns) => {
    await one(ns, 'strict', { securityContext: { runAsUser: 1000, supplementalGroups: [4000], supplementalGroupsPolicy: 'Strict' } });
    if (!node.status?.features?.supplementalGroupsPolicy) {
      const rejected = await until('the rejection', 30_000, async () => {
        const found = await podOf(ns, 'strict');
        return found.status?.phase === 'Failed' && found;
      });
      expect(rejected.status?.reason).toBe('SupplementalGroupsPolicyNotSupported');
      return;
    }
    await ready(ns, 'strict');
    expect((await exec(ns, 'strict', 'id', '-G')).trim()).toBe('0 4000');
    const { status } = await get<Pod>('-n', ns, 'pod', 'strict');
    expect(status?.containerStatuses?.[0]?.user?.linux).toEqual({ uid: 1000, gid: 0, supplementalGroups: [0, 4000] });
  }));
