// kill -9 at random moments, while pods come and go; then everything is deleted, and nothing of it may be left on the machine.
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@berth/telemetry';
import { afterEach, expect, test } from 'vitest';
import { killContainerd } from './kill-containerd.ts';
import { apply, cluster, kubectl, run, until, withNamespace } from './kubectl.ts';
import { leftovers } from './leftovers.ts';
import { pod, shell, waitForEver } from './manifests.ts';
import { configMap } from './pod-commands.ts';

/** The issue asks for 200: BERTH_E2E_KILLS=200. */
const kills = Number(process.env.BERTH_E2E_KILLS ?? 12);
const seed = Number(process.env.SEED ?? Date.now() % 100_000);
/** What may belong to a call under way is left alone for minutes. */
const restMs = 8 * 60_000;
const options = { timeout: 300_000 + kills * 20_000 + restMs };

const start = async () => {
  await cluster().startControlPlane();
  await cluster().startAgents();
};
afterEach(start);

test(
  `after ${kills} random kill -9 of agent, containerd and control plane under churn, nothing is left (seed ${seed})`,
  options,
  async () => {
    const random = seededRandom(seed);
    await withNamespace(async (ns) => {
      await apply(configMap(ns, 'settings', { colour: 'blue' }));
      const volumes = [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'work', emptyDir: {} },
        { name: 'fast', emptyDir: { medium: 'Memory' } },
      ];
      const volumeMounts = [
        { name: 'settings', mountPath: '/settings' },
        { name: 'work', mountPath: '/work', subPath: 'part' },
        { name: 'fast', mountPath: '/fast' },
      ];
      const churning = new AbortController();
      const churn = async (lane: number) => {
        for (let round = 0; !churning.signal.aborted; round++) {
          const name = `churn-${lane}-${round}`;
          const main = shell('main', round % 3 === 0 ? 'exit 0' : waitForEver, { volumeMounts });
          // Whatever is away refuses; that is what the test is about.
          await apply(pod(ns, name, [main, shell('side', waitForEver)], { volumes })).catch(() => undefined);
          await sleep(random.next() * 1_500);
          await run(['-n', ns, 'delete', 'pod', name, '--wait=false', '--ignore-not-found']).catch(() => undefined);
        }
      };
      const lanes = [0, 1, 2].map(churn);
      for (let kill = 0; kill < kills; kill++) {
        await sleep(random.next() * 2_000);
        const victim = (['node-agent', 'containerd', 'control-plane'] as const)[random.int(3)] ?? 'node-agent';
        if (victim === 'containerd') await killContainerd();
        else await cluster().processes.crash(victim);
        await sleep(random.next() * 500);
        await start();
      }
      churning.abort();
      await Promise.all(lanes);
    });
    await until('every pod to be gone', restMs, async () => (await kubectl('get', 'pods', '-A', '-o', 'name')) === '');
    let left: string[] = [];
    await until('nothing to be left', restMs, async () => {
      left = await leftovers(cluster().layout);
      return left.length === 0;
    }).catch(() => undefined);
    expect(left).toEqual([]);
  },
);
