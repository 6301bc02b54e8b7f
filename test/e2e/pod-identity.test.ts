// What containers find of their pod: one name in the kernel, in $HOSTNAME and in /etc/hosts, whatever its length, and the sizes that
// they may count on.
import type { Node, Pod, PodSpec } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, get, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell } from './manifests.ts';

/** What a container of such a pod prints, once it has ended. */
async function printed(namespace: string, name: string, script: string, spec: Partial<PodSpec> = {}): Promise<string> {
  const env = [
    { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Ki' } } },
    { name: 'STORAGE', valueFrom: { resourceFieldRef: { resource: 'limits.ephemeral-storage', divisor: '1Ki' } } },
  ];
  const whole = pod(namespace, name, [shell('main', script, { env })], { restartPolicy: 'Never', ...spec });
  await apply({ ...whole, metadata: { name, namespace } });
  await until(`${name} to end`, 60_000, async () => {
    const { phase } = (await get<{ status: { phase?: string } }>('-n', namespace, 'pod', name)).status;
    return phase === 'Succeeded';
  });
  return kubectl('-n', namespace, 'logs', name);
}

const names = 'b=/bin/busybox; $b hostname; echo $HOSTNAME; $b tail -1 /etc/hosts; echo $($b hostname -i)';

test('a pod has one name, cut where a name may end, and resolves itself', () =>
  withNamespace(async (ns) => {
    const long = `${'a'.repeat(62)}-bb-longer`;
    const [kernel, variable, hosts, own] = (await printed(ns, long, names)).trim().split('\n');
    const [address, ...inHosts] = (hosts ?? '').split('\t');
    expect([kernel, variable, inHosts, own]).toEqual(['a'.repeat(62), 'a'.repeat(62), ['a'.repeat(62)], address]);
  }));

test('the whole name, or another one, when the pod asks for it', () =>
  withNamespace(async (ns) => {
    const whole = `h.s.${ns}.svc.cluster.local`;
    const [kernel, variable, hosts] = (await printed(ns, 'whole', names, { hostname: 'h', subdomain: 's', setHostnameAsFQDN: true })).split(
      '\n',
    );
    expect([kernel, variable, hosts?.split('\t').slice(1)]).toEqual([whole, whole, [whole, 'h']]);
    const [other] = (await printed(ns, 'other', names, { hostnameOverride: 'db.example.com' })).split('\n');
    expect(other).toBe('db.example.com');
    // A name that the kernel cannot hold is no reason to take another.
    await apply(pod(ns, 'w'.repeat(50), [shell('main', names)], { subdomain: 's', setHostnameAsFQDN: true }));
    await until('the reason', 30_000, async () => (await kubectl('-n', ns, 'events')).includes('(64 characters is the max, '));
  }));

test('limits that are not set are what the node can give', () =>
  withNamespace(async (ns) => {
    const { allocatable = {} } = (await get<{ items: Node[] }>('nodes')).items[0]?.status ?? {};
    const text = await printed(ns, 'sizes', 'echo $CPU $MEMORY $STORAGE');
    const kib = (quantity = '') => quantity.replace('Ki', '');
    expect(text.trim()).toBe(`${allocatable.cpu?.replace('m', '')} ${kib(allocatable.memory)} ${kib(allocatable['ephemeral-storage'])}`);
  }));

test('a container without limits has those of its pod, and is killed by them', () =>
  withNamespace(async (ns) => {
    const resources = { limits: { cpu: '200m', memory: '32Mi' }, requests: { cpu: '100m' } };
    const read = 'cd /sys/fs/cgroup; $b cat memory.max 2>/dev/null || $b cat memory/memory.limit_in_bytes';
    const script = `b=/bin/busybox; ${read}; $b tail -c 100m /dev/zero`;
    await apply(pod(ns, 'whole', [shell('main', script)], { restartPolicy: 'Never', resources }));
    const { status } = await until('the end', 60_000, async () => {
      const found = await get<Pod>('-n', ns, 'pod', 'whole');
      return found.status?.phase === 'Failed' && found;
    });
    expect(status).toMatchObject({ qosClass: 'Burstable', containerStatuses: [{ state: { terminated: { reason: 'OOMKilled' } } }] });
    expect((await kubectl('-n', ns, 'logs', 'whole')).trim()).toBe(String(32 * 2 ** 20));
    expect(await kubectl('-n', ns, 'describe', 'pod', 'whole')).toContain('memory:  32Mi');
  }));

test('variables come from a file that an init container wrote', () =>
  withNamespace(async (ns) => {
    const mounted = { volumeMounts: [{ name: 'made', mountPath: '/made' }] };
    const fileKeyRef = { volumeName: 'made', path: 'settings.env', key: 'MODE' };
    const env = [
      { name: 'MODE', valueFrom: { fileKeyRef } },
      { name: 'NONE', valueFrom: { fileKeyRef: { ...fileKeyRef, key: 'NONE', optional: true } } },
    ];
    const write = shell('write', `echo "MODE='quick \\$HOME'" > /made/settings.env`, mounted);
    const spec = { initContainers: [write], volumes: [{ name: 'made', emptyDir: {} }], restartPolicy: 'Never' };
    await apply(pod(ns, 'reader', [shell('main', 'echo "$MODE|$NONE|"', { env })], spec));
    await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/reader', '--timeout=60s');
    expect(await kubectl('-n', ns, 'logs', 'reader')).toBe('quick $HOME||\n');
  }));
