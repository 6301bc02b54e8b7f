// What is asked of the kernel, and how often; the kernel itself is in test/integration/pod-network.test.ts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodePeer } from '@berth/protocol';
import { silentLogger } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { PodRoutes } from './pod-routes.ts';

const own = { podCidr: '10.244.0.0/24', serviceCidr: '10.96.0.0/16' };

function peer(name: string, address: string, podCIDR: string): NodePeer {
  return { apiVersion: 'berth.io/v1', kind: 'NodePeer', metadata: { name }, spec: { address, podCIDR } };
}

const here = peer('here', '192.0.2.1', own.podCidr);
const there = peer('there', '192.0.2.2', '10.244.1.0/24');

async function simulated(): Promise<
  { routes: PodRoutes; ran: string[]; state: { nowMs: number; prefixLength: number } } & AsyncDisposable
> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-routes-'));
  const ran: string[] = [];
  const state = { nowMs: 0, prefixLength: 24 };
  const run = async (program: string, args: string[], input?: string) => {
    const command = input?.trim() ?? `${program} ${args.join(' ')}`;
    ran.push(command);
    if (!command.includes('address show')) return '[]';
    return JSON.stringify([{ ifname: 'eth0', mtu: 1500, addr_info: [{ local: '192.0.2.1', prefixlen: state.prefixLength }] }]);
  };
  const routes = new PodRoutes({
    ...{ nodeName: 'here', nodeIp: '192.0.2.1', mode: 'routes', tunnel: 'brthxt', logger: silentLogger, run },
    recordFile: join(directory, 'routes.json'),
    isOwnDevice: () => false,
    clock: { monotonicMs: () => state.nowMs },
  });
  return { routes, ran, state, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

test('a node alone asks the kernel for nothing', async () => {
  await using node = await simulated();
  await node.routes.apply([here], own);
  expect(node.ran).toEqual([]);
});

test('while nodes stay as they are, the kernel is asked now and then only', async () => {
  await using node = await simulated();
  await node.routes.apply([here, there], own);
  const looked = node.ran.length;
  expect(node.ran.at(-1)).toBe('route replace 10.244.1.0/24 via 192.0.2.2 dev eth0');
  for (let change = 0; change < 100; change++) await node.routes.apply([here, there], own);
  expect(node.ran).toHaveLength(looked);
  node.state.nowMs = 30_000;
  await node.routes.apply([here, there], own);
  expect(node.ran).toHaveLength(looked + 1);
});

test('another node is taken in at once, and another network of this one when it is next looked at', async () => {
  await using node = await simulated();
  await node.routes.apply([here, there], own);
  await node.routes.apply([here, there, peer('third', '192.0.2.3', '10.244.2.0/24')], own);
  expect(node.ran.at(-1)).toContain('route replace 10.244.2.0/24 via 192.0.2.3 dev eth0');
  node.state.prefixLength = 31;
  node.state.nowMs = 30_000;
  node.ran.length = 0;
  await node.routes.apply([here, there], own);
  // No neighbour any more, and tunnels are not asked for.
  expect(node.ran.join('\n')).not.toContain('replace');
});
