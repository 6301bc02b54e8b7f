// A program in a namespace of a network lab, in a pod or outside of the node: answers with its name and who asked, or asks.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, createServer } from 'node:net';
import type { Service } from '@berth/api';
import { silentLogger, systemClock } from '@berth/telemetry';
import { DnsServer } from '../../../apps/node-agent/src/network/dns/dns-server.ts';
import { Upstream } from '../../../apps/node-agent/src/network/dns/upstream.ts';
import { buildZone } from '../../../apps/node-agent/src/network/dns/zone.ts';

/** What came of one attempt. */
export interface Attempt {
  reply?: string;
  error?: string;
  elapsedMs: number;
}

/** What is asked from; port 0 is any. */
interface Source {
  address: string;
  port: number;
}

const timeoutMs = 3_000;
const [mode = '', ...words] = process.argv.slice(2);

function serve(name: string, port: number): void {
  const udp = createSocket('udp4');
  udp.on('message', (_, peer) => udp.send(`${name} ${peer.address}`, peer.port, peer.address));
  udp.bind(port);
  serveTcp(name, port, '0.0.0.0');
}

function serveTcp(name: string, port: number, address: string): void {
  const tcp = createServer((socket) => {
    // Who resets a connection wants no answer.
    socket.on('error', () => socket.destroy());
    socket.end(`${name} ${socket.remoteAddress}`);
  });
  tcp.listen({ port, host: address, ipv6Only: true }, () => process.stdout.write('ready\n'));
}

async function serveNames(address: string): Promise<void> {
  const web: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '198.51.100.7' },
  };
  const zone = buildZone('example', [web], []);
  const upstream = new Upstream([], systemClock);
  await new DnsServer({ address, port: 53, zone: () => zone, upstream, clock: systemClock, logger: silentLogger }).start();
  process.stdout.write('ready\n');
}

function askTcp(host: string, port: number, from: Source): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs, localAddress: from.address, localPort: from.port });
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('end', () => resolve(received));
    socket.on('timeout', () => socket.destroy(new Error('timed out')));
    socket.on('error', reject);
  });
}

function askUdp(host: string, port: number, from: Source): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => finish(() => reject(new Error('timed out'))), timeoutMs);
    const finish = (then: () => void) => {
      clearTimeout(timer);
      socket.close();
      then();
    };
    socket.once('error', (error) => finish(() => reject(error)));
    socket.once('message', (reply) => finish(() => resolve(reply.toString())));
    socket.bind(from.port, from.address, () => socket.connect(port, host, () => socket.send('?')));
  });
}

async function attempt(ask: () => Promise<string>): Promise<Attempt> {
  const startMs = performance.now();
  const outcome = await ask().then(
    (reply) => ({ reply }),
    (error: NodeJS.ErrnoException) => ({ error: error.code ?? error.message }),
  );
  return { ...outcome, elapsedMs: Math.round(performance.now() - startMs) };
}

async function resolveName(server: string, type: string, name: string): Promise<string> {
  const resolver = new Resolver({ timeout: 1_000, tries: 3 });
  resolver.setServers([server]);
  return JSON.stringify(type === 'PTR' ? await resolver.reverse(name) : await resolver.resolve(name, type));
}

/** `tcp/10.0.0.1/80` and the like, side by side: what is dropped takes its time. */
async function askAll(targets: string[]): Promise<void> {
  const attempts = targets.map((target) => {
    const [protocol, host = '', port] = target.split('/');
    const from = { address: host.includes(':') ? '::' : '0.0.0.0', port: 0 };
    return attempt(() => (protocol === 'udp' ? askUdp : askTcp)(host, Number(port), from));
  });
  process.stdout.write(JSON.stringify(await Promise.all(attempts)));
}

async function main(): Promise<void> {
  // Servers end with the test that started them.
  if (mode.startsWith('serve')) process.stdin.on('end', () => process.exit()).resume();
  if (mode === 'serve') return serve(words[0] ?? '', Number(words[1]));
  if (mode === 'serve-ipv6') return serveTcp(words[0] ?? '', Number(words[1]), '::');
  if (mode === 'ask-all') return askAll(words);
  if (mode === 'serve-names') return serveNames(words[0] ?? '');
  const attempts: Attempt[] = [];
  if (mode === 'resolve') attempts.push(await attempt(() => resolveName(words[0] ?? '', words[1] ?? '', words[2] ?? '')));
  const from: Source = { port: Number(words[3] ?? 0), address: words[4] ?? '0.0.0.0' };
  const ask = mode === 'udp' ? askUdp : askTcp;
  const count = mode === 'resolve' ? 0 : Number(words[2] ?? 1);
  for (let index = 0; index < count; index++) attempts.push(await attempt(() => ask(words[0] ?? '', Number(words[1]), from)));
  process.stdout.write(JSON.stringify(attempts));
}

await main();
