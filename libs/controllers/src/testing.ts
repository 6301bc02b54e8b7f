// A cluster of API and controllers in one process, without scheduler and agents: tests play their parts.
import { Namespace, Pod } from '@berth/api';
import type { NodeUsage, User } from '@berth/apiserver/core';
import { startTestServer } from '@berth/apiserver/testing';
import type { Client } from '@berth/client';
import { type Clock, seededRandom, silentLogger, systemClock, timestamp } from '@berth/telemetry';
import { type ControllersConfig, ControllersRole } from './controllers-role.ts';

export interface TestCluster {
  client: Client;
  /** From now on agents are taken to report this. */
  report(usages: NodeUsage[]): void;
  /** Waits until `check` returns something, asking again as long as the test may take. */
  eventually<T>(check: () => Promise<T | undefined | false>): Promise<T>;
  markReady(pod: Pod): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestCluster(clock: Clock = systemClock, config: ControllersConfig = {}): Promise<TestCluster> {
  const { server, client } = await startTestServer({ clock });
  const clientFor = (user: User) => server.localClient(user);
  const role = new ControllersRole({ clock, random: seededRandom(7), logger: silentLogger, clientFor, config });
  await role.start();
  return {
    client,
    report: (usages) => server.useUsages({ current: () => usages }),
    eventually,
    markReady: (pod) => markReady(client, pod, clock),
    async stop() {
      await role.stop();
      await server.stop();
    },
  };
}

async function eventually<T>(check: () => Promise<T | undefined | false>): Promise<T> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const found = await check();
    if (found) return found;
    await systemClock.sleep(10);
  }
  throw new Error(`what the test waits for did not happen within 4 s: ${check}`);
}

async function markReady(client: Client, { metadata }: Pod, clock: Clock): Promise<void> {
  const lastTransitionTime = timestamp(clock);
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }];
  const status = { phase: 'Running', podIP: '10.244.0.9', podIPs: [{ ip: '10.244.0.9' }], conditions };
  await client.patch(Pod, metadata, 'merge', { status }, { subresource: 'status' });
}

export async function makeNamespace(client: Client, name: string): Promise<void> {
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
}
