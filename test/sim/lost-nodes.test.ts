// Stateful sets that write to volumes, and machines that are lost in every way at random times: no identity runs twice, no write
// that was acknowledged is lost, and once all is well again each of them runs. BERTH_LOST_NODES=10000 makes so many tries.
import { PersistentVolume, Pod, StatefulSet } from '@berth/api';
import type { Client } from '@berth/client';
import { silentLogger } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { type Loss, LostNodes, sharedVolume, writingSet } from './lost-nodes.ts';
import { SharedVolumes } from './shared-volumes.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

const wanted = Number(process.env.BERTH_LOST_NODES ?? 12);
const firstSeed = Number(process.env.SEED ?? 1);
const triesPerCluster = 40;
/** That happen one after the other, beside those of others. */
const chains = 2;
const replicas = 3;
const restMsMax = 20 * 60_000;
const lookMs = 5_000;

async function answered<T>(cluster: SimulatedCluster, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const noted = promise.finally(() => {
    isSettled = true;
  });
  noted.catch(() => undefined);
  if (!(await cluster.clock.runUntil(() => isSettled, 60_000))) throw new Error('a request was not answered within a minute');
  return noted;
}

async function allRun(client: Client, volumes: SharedVolumes): Promise<boolean> {
  const { items } = await client.list(Pod);
  const ready = items.filter(({ status }) => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True'));
  return ready.length === replicas && ready.every(({ metadata, spec }) => volumes.running(metadata.name).join() === spec.nodeName);
}

async function run(seed: number, tries: number) {
  const volumes: SharedVolumes[] = [];
  const cluster = new SimulatedCluster(seed, 4, silentLogger, (node, path, line) => volumes[0]?.log(node, path, line));
  const shared = new SharedVolumes(cluster.clock);
  volumes.push(shared);
  await cluster.start();
  const client = () => {
    const found = cluster.client();
    if (!found) throw new Error('the control plane is away');
    return found;
  };
  for (let index = 0; index < replicas; index++) await answered(cluster, client().create(PersistentVolume, sharedVolume(`pv-${index}`)));
  await answered(cluster, client().create(StatefulSet, writingSet('db', replicas, 1 + cluster.chance.int(20))));
  const rest = async () => {
    for (let passedMs = 0; passedMs < restMsMax; passedMs += lookMs) {
      await cluster.clock.advance(lookMs);
      const found = cluster.client();
      if (found && (await answered(cluster, allRun(found, shared)))) return true;
    }
    return false;
  };
  expect(await rest()).toBe(true);
  const losses = new LostNodes(cluster);
  let left = tries;
  let goingOn = chains;
  for (let chain = 0; chain < chains; chain++) {
    void (async () => {
      while (left-- > 0) await losses.lose();
      goingOn--;
    })();
  }
  await cluster.clock.runUntil(() => goingOn === 0, tries * 10 * 60_000);
  cluster.startControlPlane();
  const isWell = await rest();
  for (const node of cluster.nodes) node.crashAgent();
  cluster.crashControlPlane();
  const { lastLines } = cluster.trace;
  return { ...shared, offences: shared.offences, happened: losses.happened, isWell, goingOn, lastLines };
}

test(
  'no identity runs twice and no acknowledged write is lost, however machines are lost, and all of them run in the end',
  async () => {
    const happened = new Map<Loss, number>();
    let [acknowledged, takeovers] = [0, 0];
    for (let done = 0, seed = firstSeed; done < wanted; done += triesPerCluster, seed++) {
      const outcome = await run(seed, Math.min(triesPerCluster, wanted - done));
      const context = `replay with SEED=${seed} BERTH_LOST_NODES=${triesPerCluster}; the trace ends with\n${outcome.lastLines.slice(-20).join('\n').slice(-3_000)}`;
      expect(outcome.offences, context).toEqual([]);
      expect([outcome.goingOn, outcome.isWell], context).toEqual([0, true]);
      for (const [loss, count] of outcome.happened) happened.set(loss, (happened.get(loss) ?? 0) + count);
      acknowledged += outcome.acknowledged;
      takeovers += outcome.takeovers;
      if (wanted > triesPerCluster)
        console.log(`seed ${seed}: ${acknowledged} writes, ${takeovers} takeovers`, Object.fromEntries(happened));
    }
    expect(acknowledged).toBeGreaterThan(wanted);
    expect(takeovers).toBeGreaterThan(0);
  },
  30_000 + wanted * 5_000,
);
