// One cluster of this machine as processes: registry, etcd when asked for, control plane, node agent. Starting what runs already
// is a no-op; stopping removes everything but, unless asked, the state.
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { Lease, Node } from '@berth/api';
import { HttpClient, readKubeconfig, Tokens } from '@berth/client';
import { systemClock } from '@berth/telemetry';
import { etcdClientFlags, etcdFlags, isEtcdHealthy, provideEtcdCertificates } from './etcd-tls.ts';
import { eventually, GiveUpError } from './eventually.ts';
import { type ClusterLayout, kubeconfigPath, root } from './layout.ts';
import { providePodApiAddress, removePodApiAddress } from './pod-api-address.ts';
import { ProcessFolder } from './processes.ts';
import { runCommand } from './run-command.ts';

/** Long enough for a machine whose cores are all taken. */
const readyTimeoutMs = 90_000;
const loopback = '127.0.0.1';
/** Where nodes' leases are, and how often they are renewed. */
const leaseNamespace = 'kube-node-lease';
const heartbeatSeconds = 10;

/**
 * A small young generation and no source maps kept in memory: together they save 50 MB of an idle process's 180. A control plane
 * gets a larger one: idle it costs nothing that can be measured, and under load it saves a fifth of what a request costs.
 * node:sqlite still calls itself experimental.
 */
export function nodeFlags(program: 'control-plane' | 'node-agent'): string[] {
  const youngMegabytes = program === 'control-plane' ? 32 : 4;
  return [`--max-semi-space-size=${youngMegabytes}`, '--disable-warning=ExperimentalWarning'];
}

export type ClusterProcess = 'registry' | 'etcd' | 'control-plane' | 'node-agent';

/** A machine that people work on is often fuller than a server may be: pods go only when it is about to be full. */
const evictionHard = 'memory.available<100Mi,nodefs.available<5%,nodefs.inodesFree<5%,imagefs.available<5%,imagefs.inodesFree<5%';

export class Cluster {
  readonly layout: ClusterLayout;
  readonly processes: ProcessFolder;

  constructor(layout: ClusterLayout) {
    this.layout = layout;
    this.processes = new ProcessFolder(layout.directory);
  }

  get kubeconfig(): string {
    return kubeconfigPath(this.layout);
  }

  get isRunning(): boolean {
    const wanted: ClusterProcess[] = ['control-plane', 'node-agent', 'registry'];
    return wanted.every((name) => this.processes.running(name) !== undefined);
  }

  async client(): Promise<HttpClient> {
    return new HttpClient(await readKubeconfig(this.kubeconfig));
  }

  async startRegistry(): Promise<void> {
    const directory = join(this.layout.directory, 'registry');
    const file = join(directory, 'config.yml');
    await mkdir(directory, { recursive: true });
    const address = `${loopback}:${this.layout.registryPort}`;
    await writeFile(
      file,
      `version: 0.1\nlog: {level: warn}\nstorage:\n  filesystem: {rootdirectory: ${JSON.stringify(join(directory, 'data'))}}\nhttp: {addr: ${JSON.stringify(address)}}\n`,
    );
    this.processes.start('registry', ['docker-registry', 'serve', file]);
    await this.#ready('registry', async () => (await fetch(`http://${address}/v2/`)).ok);
  }

  async startEtcd(): Promise<void> {
    const { directory, etcdPort, etcdPeerPort } = this.layout;
    const certificates = await provideEtcdCertificates(directory, loopback);
    const [client, peer] = [etcdPort, etcdPeerPort].map((port) => `https://${loopback}:${port}`) as [string, string];
    const urls = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer];
    const peers = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`];
    this.processes.start('etcd', [
      'etcd',
      '--data-dir',
      join(directory, 'etcd'),
      '--logger',
      'zap',
      '--log-level',
      'warn',
      ...urls,
      ...peers,
      ...etcdFlags(certificates),
    ]);
    await this.#ready('etcd', () => isEtcdHealthy(client, certificates));
  }

  async startControlPlane(): Promise<void> {
    const { directory, store, apiPort, podApiAddress, gatewayPort, etcdPort, podCidr, serviceCidr, clusterDns } = this.layout;
    if (store === 'etcd') await this.startEtcd();
    const storeArguments =
      store === 'etcd'
        ? ['--store', 'etcd', '--etcd-endpoints', `https://${loopback}:${etcdPort}`, ...etcdClientFlags(directory)]
        : ['--store', store];
    await providePodApiAddress(this.layout);
    this.processes.start('control-plane', [
      ...this.#app('control-plane'),
      ...['--data-dir', directory, ...storeArguments],
      ...['--api-address', `${loopback}:${apiPort}`, '--advertise-address', `${podApiAddress}:${apiPort}`],
      ...['--gateway-address', `${loopback}:${gatewayPort}`],
      ...['--cluster-cidr', podCidr, '--service-cidr', serviceCidr, '--cluster-dns', clusterDns],
    ]);
    await this.#ready('control-plane', async () => {
      if (!existsSync(this.kubeconfig)) return false;
      const client = await this.client();
      try {
        return (await client.text('/readyz', AbortSignal.timeout(2_000))) === 'ok';
      } finally {
        client.close();
      }
    });
  }

  async startAgent(): Promise<void> {
    const running = this.processes.running('node-agent') !== undefined;
    // One that runs renews its lease every ten seconds.
    const seenSinceMs = systemClock.now() - (running ? 2 * heartbeatSeconds * 1000 : 0);
    if (!running) await this.#launchAgent();
    await this.#ready('node-agent', () => this.#hasSession(seenSinceMs));
  }

  async #launchAgent(): Promise<void> {
    const joined = existsSync(join(this.#nodeDirectory, 'node.pem'));
    const token = joined ? {} : { BERTH_JOIN_TOKEN: await this.token((tokens) => tokens.createJoinToken()) };
    this.processes.start('node-agent', [...this.#app('node-agent'), ...this.#agentArguments()], { ...process.env, ...token });
    const health = `http://${loopback}:${this.layout.metricsPort}/healthz`;
    await this.#ready('node-agent', async () => (await fetch(health)).ok);
  }

  /** Whether the control plane has heard of the node since then, and calls it ready. @throws Error saying what is amiss */
  async #hasSession(sinceMs: number): Promise<boolean> {
    const client = await this.client();
    try {
      const name = this.layout.nodeName;
      const node = await client.get(Node, { name });
      const lease = await client.get(Lease, { namespace: leaseNamespace, name });
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
      if (ready?.status !== 'True') throw new Error(`node ${name} is not ready: ${ready?.message ?? 'it has reported nothing yet'}`);
      if (Date.parse(lease.spec?.renewTime ?? '') >= sinceMs) return true;
      throw new Error(`the control plane has not heard of node ${name} since ${lease.spec?.renewTime}`);
    } finally {
      client.close();
    }
  }

  /** Makes or checks tokens for people and nodes. */
  async token<T>(use: (tokens: Tokens) => Promise<T>): Promise<T> {
    const client = await this.client();
    try {
      const { certificateAuthority = '' } = await readKubeconfig(this.kubeconfig);
      return await use(Tokens.pinnedTo(certificateAuthority, { client, clock: systemClock }));
    } finally {
      client.close();
    }
  }

  /**
   * Ends every process and removes what the node made. @param removeState also certificates, objects, images and volumes
   * @throws Error with a line for each thing that could not be ended; the state stays then
   */
  async stop({ removeState }: { removeState: boolean }, report: (message: string) => void = () => undefined): Promise<void> {
    const failures: string[] = [];
    // What cannot be stopped keeps nothing else from being stopped.
    const attempt = async (what: string, work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (error) {
        failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    const stopProcess = async (name: ClusterProcess) => {
      if (await this.processes.stop(name)) report(`${name} has stopped`);
    };
    await attempt('stopping the node agent', () => this.processes.stop('node-agent'));
    if (existsSync(this.#nodeDirectory)) {
      report("ending the node's pods");
      const tearDown = [...this.#app('node-agent'), ...this.#agentArguments(), '--tear-down'];
      await attempt("ending the node's pods", () => runCommand(tearDown, { timeoutMs: 120_000 }));
    }
    for (const name of ['control-plane', 'etcd', 'registry'] as const) await attempt(`stopping ${name}`, () => stopProcess(name));
    await attempt('removing the address of the API for pods', () => removePodApiAddress(this.layout));
    if (failures.length > 0) throw new Error(failures.join('\n'));
    if (removeState) await rm(this.layout.directory, { recursive: true, force: true });
  }

  get #nodeDirectory(): string {
    return join(this.layout.directory, 'node');
  }

  #app(name: 'control-plane' | 'node-agent'): string[] {
    return [execPath, ...nodeFlags(name), join(root, 'apps', name, 'dist', 'main.js')];
  }

  #agentArguments(): string[] {
    const { nodeName, gatewayPort, instance, metricsPort, logDirectory } = this.layout;
    return [
      ...['--data-dir', this.#nodeDirectory, '--gateway', `${loopback}:${gatewayPort}`, '--node-name', nodeName],
      ...['--eviction-hard', evictionHard],
      ...['--instance', instance, '--metrics-address', `${loopback}:${metricsPort}`],
      ...(logDirectory === undefined ? [] : ['--log-directory', logDirectory]),
    ];
  }

  /** @throws Error with the end of the process's log */
  async #ready(name: ClusterProcess, holds: () => Promise<boolean>): Promise<void> {
    await eventually(`${name} being ready`, readyTimeoutMs, async () => {
      if (!this.processes.running(name)) throw new GiveUpError('it ended at once');
      return (await holds()) || undefined;
    }).catch((error: Error) => {
      const log = `its log (${this.processes.logFile(name)}) ends with:\n${this.processes.tail(name)}`;
      throw new Error(`${name} did not start: ${error.message}; ${log}`, { cause: error });
    });
  }
}
