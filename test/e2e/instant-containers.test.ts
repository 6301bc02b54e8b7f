// Containers that end within milliseconds of their start, on real containers: containerd says so before CRI's status does, and
// whoever believes the status waits for a minute. BERTH_INSTANT_CONTAINERS is how many to run: 2000 look for what is rare.
import type { ContainerStatus, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, get, until, withNamespace } from './kubectl.ts';
import { pod, shell } from './manifests.ts';

const wanted = Number(process.env.BERTH_INSTANT_CONTAINERS ?? 64);
/** One after the other in each pod. */
const containersOfPod = 4;
const podsAtOnce = 16;
/** What nobody noticed is found by the minute, so half of that tells it from a busy machine; with all of them, as it is meant. */
const lateMs = wanted >= 2_000 ? 2_000 : 20_000;

test('the end of no container is missed, however soon after its start it comes', { timeout: 60_000 + wanted * 1_000 }, () =>
  withNamespace(async (ns) => {
    let worstMs = 0;
    let seen = 0;
    for (let round = 0; seen < wanted; round++) {
      const names = Array.from({ length: podsAtOnce }, (_, index) => `instant-${round}-${index}`);
      const lags = await lagsOf(ns, names);
      seen += lags.length;
      worstMs = Math.max(worstMs, ...lags);
    }
    expect(worstMs).toBeLessThan(lateMs);
  }),
);

/** From the end of each container to its first being seen in the pod's status, in milliseconds; ends are told by the second. */
async function lagsOf(ns: string, names: string[]): Promise<number[]> {
  const instant = (name: string) => shell(name, '', { command: ['/bin/busybox', 'true'] });
  const initContainers = Array.from({ length: containersOfPod - 1 }, (_, index) => instant(`init-${index}`));
  await apply(...names.map((name) => pod(ns, name, [instant('main')], { initContainers, restartPolicy: 'Never' })));
  const lags = new Map<string, number>();
  await until('all pods of a round to have ended', 120_000, async () => {
    const { items } = await get<{ items: Pod[] }>('-n', ns, 'pods');
    const nowMs = Date.now();
    for (const { metadata, status } of items) {
      for (const { name, state } of statusesOf(status)) {
        const key = `${metadata.name}/${name}`;
        const endedAt = state?.terminated?.finishedAt;
        if (endedAt && names.includes(metadata.name) && !lags.has(key)) lags.set(key, nowMs - Date.parse(endedAt) - 1_000);
      }
    }
    return lags.size === names.length * containersOfPod;
  });
  return [...lags.values()];
}

function statusesOf(status: Pod['status']): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}
