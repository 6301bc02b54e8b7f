import type { Pod } from '@berth/api';
import { afterEach, expect, test } from 'vitest';
import { killContainerd } from './kill-containerd.ts';
import { apply, cluster, get, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

/** Whatever a test killed runs again for the next one. */
afterEach(async () => {
  await cluster().startControlPlane();
  await cluster().startAgents();
  await kubectl('wait', '--for=condition=Ready', 'node', '--all', '--timeout=60s');
});

const containerId = async (ns: string) => (await get<Pod>('-n', ns, 'pod', 'survivor')).status?.containerStatuses?.[0];

async function survivor(ns: string): Promise<void> {
  await apply(
    pod(ns, 'survivor', [
      shell('main', waitForEver, { readinessProbe: { exec: { command: ['/bin/busybox', 'true'] }, periodSeconds: 1 } }),
    ]),
  );
  await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/survivor', '--timeout=30s');
}

test('kill -9 of the agent restarts no container, and the agent takes up its work again', () =>
  withNamespace(async (ns) => {
    await survivor(ns);
    const before = await containerId(ns);
    await cluster().processes.crash('node-agent');
    await cluster().startAgents();
    await apply(pod(ns, 'later', [shell('main', waitForEver)]));
    await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/later', '--timeout=30s');
    const after = await containerId(ns);
    expect([after?.containerID, after?.restartCount, after?.ready]).toEqual([before?.containerID, 0, true]);
  }));

test('kill -9 of the control plane restarts no container and loses nothing acknowledged', () =>
  withNamespace(async (ns) => {
    await survivor(ns);
    const before = await containerId(ns);
    await kubectl('-n', ns, 'create', 'configmap', 'kept', '--from-literal=key=value');
    await cluster().processes.crash('control-plane');
    await cluster().startControlPlane();
    expect(await kubectl('-n', ns, 'get', 'configmap', 'kept', '-o', 'jsonpath={.data.key}')).toBe('value');
    await until(
      'the agent to be back',
      30_000,
      async () => (await kubectl('-n', ns, 'exec', 'survivor', '--', '/bin/busybox', 'echo', 'up')) === 'up\n',
    );
    const after = await containerId(ns);
    expect([after?.containerID, after?.restartCount]).toEqual([before?.containerID, 0]);
  }));

test('kill -9 of containerd: it is started again and its containers go on', () =>
  withNamespace(async (ns) => {
    await survivor(ns);
    const before = await containerId(ns);
    await killContainerd();
    await until(
      'containerd to be back',
      30_000,
      async () => (await kubectl('-n', ns, 'exec', 'survivor', '--', '/bin/busybox', 'echo', 'up')) === 'up\n',
    );
    const after = await containerId(ns);
    expect([after?.containerID, after?.restartCount]).toEqual([before?.containerID, 0]);
  }));
