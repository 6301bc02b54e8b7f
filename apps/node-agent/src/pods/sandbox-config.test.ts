import type { RuntimeClass } from '@berth/api';
import type { RuntimeHealth } from '@berth/runtime';
import { expect, test } from 'vitest';
import { requireUserNamespaces } from './runtime-features.ts';
import { runtimeHandler, sandboxConfig } from './sandbox-config.ts';

const pod = (runtimeClassName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [], ...(runtimeClassName && { runtimeClassName }) },
});

test('a pod runs as its runtime class says, and in no other way while that is unknown', () => {
  const sandboxed: RuntimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'sandboxed' }, handler: 'runsc' };
  const classes = { runtimeClass: (name: string) => (name === 'sandboxed' ? sandboxed : undefined) };
  expect(runtimeHandler(pod(), classes)).toBe('');
  expect(runtimeHandler(pod('sandboxed'), classes)).toBe('runsc');
  expect(() => runtimeHandler(pod('gone'), classes)).toThrow('failed to get sandbox runtime: RuntimeClass.node.k8s.io "gone" not found');
});

const node = { logDirectory: '/logs', cgroupParent: '/berth', clusterDomain: 'cluster.local' };

test('a sandbox is privileged when any container of its pod is, whenever that one starts', () => {
  const privileged = { name: 'c', securityContext: { privileged: true } };
  const plain = { name: 'main', securityContext: { privileged: false } };
  expect(sandboxConfig({ ...pod(), spec: { containers: [plain] } }, 0, node).privileged).toBe(false);
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const spec = { containers: [plain], [list]: [plain, privileged] };
    expect(sandboxConfig({ ...pod(), spec }, 0, node).privileged).toBe(true);
  }
});

test('sysctls are named with dots, and with slashes where a part has dots', () => {
  const sysctls = [
    { name: 'kernel.shm_rmid_forced', value: '1' },
    { name: 'net/ipv4/ip_local_port_range', value: '2' },
    { name: 'net/ipv4/conf/eth0.1/arp_filter', value: '3' },
  ];
  const spec = { containers: [], securityContext: { sysctls } };
  expect(sandboxConfig({ ...pod(), spec }, 0, node).sysctls).toEqual({
    'kernel.shm_rmid_forced': '1',
    'net.ipv4.ip_local_port_range': '2',
    'net.ipv4.conf.eth0/1.arp_filter': '3',
  });
});

test('a pod that asks for user namespaces is not made without them', () => {
  const without = { recursiveReadOnlyMounts: true, userNamespaces: false };
  const handlers = [
    { name: '', ...without },
    { name: 'r', ...without },
    { name: 'crun', ...without, userNamespaces: true },
  ];
  const asking = (hostUsers: boolean | undefined, handler: string, runtime: RuntimeHealth) => () =>
    requireUserNamespaces({ ...pod(), spec: { containers: [], ...(hostUsers !== undefined && { hostUsers }) } }, runtime, handler);
  for (const runtime of [{}, { handlers }]) {
    expect(asking(false, '', runtime)).toThrow("can't set `spec.hostUsers: false`, runtime does not support user namespaces");
    expect(asking(false, 'r', runtime)).toThrow('RuntimeClass handler "r" does not support user namespaces');
    expect(asking(true, '', runtime)).not.toThrow();
    expect(asking(undefined, '', runtime)).not.toThrow();
  }
  expect(asking(false, 'crun', { handlers })).not.toThrow();
  expect(asking(false, 'crun', {})).toThrow('does not support user namespaces');
});
