// The servers that a benchmark of the API measures, each a process of its own: a control plane with the role api, and node's
// own HTTPS and HTTP servers beside it. Both are gone when the benchmark is.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpClient, readKubeconfig } from '@berth/client';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { nodeCommand, nodeFlags } from '../../../apps/cli/src/programs.ts';
import { eventually } from '../../../tools/cluster/eventually.ts';
import { root } from '../../../tools/cluster/layout.ts';
import type { BareCommand, BareReport } from './bare-server.ts';
import type { InspectedProcess } from './inspected-process.ts';
import type { Endpoint } from './raw-connection.ts';

const startTimeoutMs = 30_000;

export interface ApiProcess extends InspectedProcess {
  endpoint: Endpoint;
  client: HttpClient;
  stop(): Promise<void>;
}

/** @param store what --store and its options say. BERTH_BENCH_NODE_FLAGS adds flags for node, such as --cpu-prof. */
export async function startApi(directory: string, store: string[]): Promise<ApiProcess> {
  await mkdir(directory, { recursive: true });
  const kubeconfig = join(directory, 'admin.kubeconfig');
  // A former start's names a port that nobody listens on any more.
  await rm(kubeconfig, { force: true });
  const extra = (process.env.BERTH_BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean);
  const program = join(root, 'apps', 'control-plane', 'dist', 'main.js');
  const options = ['--data-dir', directory, '--roles', 'api', '--api-address', '127.0.0.1:0', '--log-level', 'warn', ...store];
  const [command = '', ...flags] = nodeCommand('control-plane');
  const child = spawn(command, [...flags, '--inspect-port=0', ...extra, program, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  child.stderr.on('data', (text: Buffer) => {
    printed += text;
    process.stderr.write(text);
  });
  const config = await eventually('the control plane’s kubeconfig', startTimeoutMs, () => readKubeconfig(kubeconfig));
  const client = new HttpClient(config);
  await eventually('readiness', startTimeoutMs, async () => (await client.text('/readyz')) === 'ok' || undefined);
  const { hostname, port } = new URL(config.server);
  const tls = { ca: config.certificateAuthority ?? '', cert: config.clientCertificate, key: config.clientKey };
  const stop = async () => {
    client.close();
    await end(child);
  };
  return { pid: child.pid ?? 0, log: () => printed, endpoint: { host: hostname, port: Number(port), tls }, client, stop };
}

export interface BareProcess {
  pid: number;
  https: Endpoint;
  http: Endpoint;
  /** Answers every request for this path with these bytes. */
  serve(path: string, bytes: string): Promise<void>;
  stop(): Promise<void>;
}

/** Its certificate is made as the control plane's is, so that both sides encrypt alike. */
export async function startBare(directory: string): Promise<BareProcess> {
  const authority = await CertificateAuthority.open(join(directory, 'bare-pki'), systemClock);
  const pair = await authority.issueServing('bare', ['localhost', '127.0.0.1']);
  const child = fork(fileURLToPath(new URL('bare-server.ts', import.meta.url)), { execArgv: nodeFlags('control-plane') });
  const ask = async (command: BareCommand): Promise<BareReport> => {
    const answered = once(child, 'message');
    child.send(command);
    const [report] = await answered;
    return report as BareReport;
  };
  const listening = await ask({ type: 'start', tls: { key: pair.key, cert: pair.certificate } });
  if (listening.type !== 'listening') throw new Error('the bare server did not start');
  const host = '127.0.0.1';
  return {
    pid: child.pid ?? 0,
    https: { host, port: listening.https, tls: { ca: authority.pem } },
    http: { host, port: listening.http },
    serve: async (path, bytes) => {
      const file = join(directory, 'bare-body');
      await writeFile(file, bytes);
      await ask({ type: 'serve', path, file });
    },
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
