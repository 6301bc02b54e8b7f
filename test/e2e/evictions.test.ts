// Pods that use more of their node's disk than they may: they are evicted, with the reason, and others go on.
import type { Pod, PodSpec } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, get, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

const fill = (path: string, mebibytes: number) => `/bin/busybox dd if=/dev/zero of=${path} bs=1M count=${mebibytes}; ${waitForEver}`;
const limited = { resources: { limits: { 'ephemeral-storage': '10Mi' } } };
const inVolume = (sizeLimit: string): Partial<PodSpec> => ({ volumes: [{ name: 'd', emptyDir: { sizeLimit } }] });
const mounted = { volumeMounts: [{ name: 'd', mountPath: '/d' }] };

async function evicted(namespace: string, name: string): Promise<Pod> {
  return until(`${name} to be evicted`, 120_000, async () => {
    const found = await get<Pod>('-n', namespace, 'pod', name);
    return found.status?.phase === 'Failed' && found;
  });
}

test('a pod that fills an emptyDir, its writable layer or its logs beyond the limit is evicted; one that does not stays', () =>
  withNamespace(async (ns) => {
    const never = { restartPolicy: 'Never' };
    await apply(
      pod(ns, 'volume', [shell('main', fill('/d/f', 30), mounted)], { ...never, ...inVolume('10Mi') }),
      pod(ns, 'within', [shell('main', fill('/d/f', 5), mounted)], { ...never, ...inVolume('10Mi') }),
      pod(ns, 'layer', [shell('main', fill('/f', 30), { ...limited, securityContext: { runAsUser: 0 } })], never),
      pod(ns, 'logs', [shell('main', `/bin/busybox yes | /bin/busybox head -c 40000000; ${waitForEver}`, limited)], never),
    );
    const [volume, layer, logs] = await Promise.all(['volume', 'layer', 'logs'].map((name) => evicted(ns, name)));
    const message = 'Usage of EmptyDir volume "d" exceeds the limit "10Mi". ';
    expect(volume?.status).toMatchObject({ reason: 'Evicted', message });
    const ofPod = 'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ';
    expect([layer?.status, logs?.status]).toMatchObject([
      { reason: 'Evicted', message: ofPod },
      { reason: 'Evicted', message: ofPod },
    ]);
    // By the time it is failed, nothing of it runs.
    expect(volume?.status?.containerStatuses?.[0]?.state?.terminated).toBeDefined();
    expect(await kubectl('-n', ns, 'events')).toContain(message.trim());
    expect((await get<Pod>('-n', ns, 'pod', 'within')).status?.phase).toBe('Running');
  }));
