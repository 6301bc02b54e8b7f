// Certificates of the gateway and of a node end while a session and a tunnel are open: both are renewed as their clocks go on, and nothing breaks.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from '@berth/api';
import { AgentGateway } from '@berth/gateway';
import { MemoryClient } from '@berth/gateway/testing';
import { CertificateAuthority, ServingCertificate } from '@berth/pki';
import type { DesiredState, Tunnel } from '@berth/protocol';
import { type Clock, silentLogger, systemClock, systemRandom } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';
import { GrpcAgentLink } from '../../apps/node-agent/src/session/grpc-agent-link.ts';

/** The wall clock, set forward by hand; what is to happen in an hour or later happens when it is. */
class LeapingClock implements Clock {
  readonly #later = new Set<() => void>();
  #offsetMs = 0;

  now = () => systemClock.now() + this.#offsetMs;
  monotonicMs = () => systemClock.monotonicMs();
  sleep = (delayMs: number, signal?: AbortSignal) => systemClock.sleep(delayMs, signal);

  after(delayMs: number, callback: () => void) {
    if (delayMs < 60 * 60_000) return systemClock.after(delayMs, callback);
    this.#later.add(callback);
    return { cancel: () => void this.#later.delete(callback) };
  }

  leap(days: number): void {
    this.#offsetMs += days * 24 * 60 * 60_000;
    const due = [...this.#later];
    this.#later.clear();
    for (const callback of due) callback();
  }
}

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 10 });
const exec = { kind: 'exec' as const, namespace: 'n', pod: 'p', uid: 'u', container: 'c', command: ['cat'], port: 0 };
const streams = { stdin: true, stdout: true, stderr: true, tty: false };
const log = { follow: false, previous: false, timestamps: false, tailLines: 0 };
const [serverClock, agentClock] = [new LeapingClock(), new LeapingClock()];
const breaks: string[] = [];
const states: DesiredState[] = [];
let directory: string;
let serving: ServingCertificate;
let gateway: AgentGateway;
let link: GrpcAgentLink;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-renewal-'));
  const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const authority = await CertificateAuthority.open(join(directory, 'pki'), systemClock);
  serving = await ServingCertificate.create({
    authority,
    commonName: 'gateway',
    names: ['127.0.0.1'],
    clock: serverClock,
    logger: silentLogger,
  });
  const gatewayAddress = { host: '127.0.0.1', port: 0 };
  const config = { ...defaultConfig, gatewayAddress, dataDirectory: directory, store: { driver: 'memory' as const } };
  gateway = new AgentGateway({
    client: new MemoryClient(),
    config,
    ...ports,
    pki: { authority, serving, verifyJoinToken: async () => true },
  });
  await gateway.start();
  const logger = {
    ...silentLogger,
    warn: (_message: string, fields?: Record<string, unknown>) => void breaks.push(String(fields?.reason)),
    with: () => logger,
  };
  link = new GrpcAgentLink({
    ...{ gateway: { host: '127.0.0.1', port: gateway.port }, nodeName: 'one', dataDirectory: join(directory, 'agent') },
    ...{ joinToken: `a.b.${authority.fingerprint}`, ...ports, clock: agentClock, logger },
  });
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} };
  const echoes = (tunnel: Tunnel) => tunnel.onData((_channel, data) => tunnel.send('stdout', data));
  link.start(
    {
      welcome() {},
      desired: (state) => void states.push(state),
      openTunnel: (_request, accept) => void accept().then(echoes),
      disconnected() {},
    },
    () => ({ revision: states.at(-1)?.revision ?? 0, bootId: 'boot', node }),
  );
});
afterEach(async () => {
  await link.stop();
  await gateway.stop();
  serving.stop();
  await rm(directory, { recursive: true });
});

test('certificates are renewed on both sides as time passes, and no session or tunnel is broken', async () => {
  await until(() => expect(states).toHaveLength(1));
  const tunnel = await gateway.connector.openTunnel('one', { ...exec, ...streams, log });
  const heard: string[] = [];
  tunnel.onData((_channel, data) => void heard.push(Buffer.from(data).toString()));
  const echo = async (word: string) => {
    await tunnel.send('stdin', Buffer.from(word));
    await until(() => expect(heard).toContain(word));
  };
  await echo('before');
  const shown = serving.context.cert;
  serverClock.leap(250);
  await until(() => expect(serving.context.cert).not.toBe(shown));
  await echo('renewed by the server');
  expect(breaks).toEqual([]);
  const file = join(directory, 'agent', 'identity', 'node.pem');
  const identity = await readFile(file, 'utf8');
  agentClock.leap(19);
  expect(await readFile(file, 'utf8')).toBe(identity);
  agentClock.leap(2);
  await until(async () => expect(await readFile(file, 'utf8')).not.toBe(identity));
  await until(() => expect(states.at(-1)).toMatchObject({ full: false }));
  await echo('renewed by the agent');
  expect(breaks).toEqual(['the certificate was renewed']);
});
