// kill -9 of agent and containerd in the middle of everything that is done with volumes of the class `local`: each ends as its objects say, what a
// pod has synced is there, in the volume and in its copies, and nothing is left of it on the machine.
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@berth/telemetry';
import { afterEach, expect, test } from 'vitest';
import { killContainerd } from './kill-containerd.ts';
import { cluster, until, withNamespace } from './kubectl.ts';
import { leftovers } from './leftovers.ts';
import { volumeLeftovers } from './volume-kills/volume-leftovers.ts';
import { liveOnce, type Step, steps } from './volume-kills/volume-life.ts';
import { provideSeedImage } from './volume-kills/volume-pods.ts';

/** The issue asks for 300: BERTH_VOLUME_KILLS=300. */
const kills = Number(process.env.BERTH_VOLUME_KILLS ?? 0);
const seed = Number(process.env.SEED ?? Date.now() % 100_000);
const lanes = 3;
const victims = ['agent', 'containerd', 'both'] as const;
/** What may belong to a call under way is left alone for minutes. */
const restMs = 8 * 60_000;

afterEach(() => cluster().startAgents());

test(`volumes live through ${kills} random kill -9 of agent and containerd (seed ${seed})`, {
  timeout: 600_000 + kills * 30_000 + restMs,
}, async () => {
  const random = seededRandom(seed);
  const image = await provideSeedImage();
  const hits = new Map<string, number>();
  await withNamespace(async (namespace) => {
    let isEnding = false;
    let lives = 0;
    let next = Promise.withResolvers<Step>();
    const announce = (step: Step) => {
      next.resolve(step);
      next = Promise.withResolvers();
    };
    const live = async (lane: number) => {
      do await liveOnce({ namespace, name: `life-${lane}-${lives++}`, image, announce });
      while (!isEnding);
    };
    const living = Promise.all([...Array(lanes).keys()].map(live));
    // What fails is said at the next kill.
    living.catch(() => undefined);
    for (let kill = 0; kill < kills; kill++) {
      const step = await Promise.race([next.promise, living.then(() => undefined)]);
      await sleep(random.next() * 700);
      const victim = victims[random.int(victims.length)] ?? 'both';
      if (victim !== 'containerd') await cluster().processes.crash('node-agent');
      if (victim !== 'agent') await killContainerd();
      if (step) hits.set(step, (hits.get(step) ?? 0) + 1);
      // As a supervisor does, who does not wait: the next kill may fall into its start.
      cluster().processes.restart('node-agent');
    }
    isEnding = true;
    await living;
    console.log(`${kills} kills in ${lives} lives: ${steps.map((step) => `${hits.get(step) ?? 0} ${step}`).join(', ')}`);
  });
  let left: string[] = [];
  await until('nothing to be left', restMs, async () => {
    left = [...(await volumeLeftovers(cluster().layout)), ...(await leftovers(cluster().layout))];
    return left.length === 0;
  }).catch(() => undefined);
  expect(left).toEqual([]);
});
