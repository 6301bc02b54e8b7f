// One cluster of this machine as processes: registry, etcd when asked for, control plane, node agents. Starting what runs already
// is a no-op; stopping removes everything but, unless asked, the state.
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { HttpClient, readKubeconfig, Tokens } from '@berth/client';
import { systemClock } from '@berth/telemetry';
import { nodeCommand } from '../../apps/cli/src/programs.ts';
import { ClusterNode } from './cluster-node.ts';
import { etcdClientFlags, etcdFlags, isEtcdHealthy, provideEtcdCertificates } from './etcd-tls.ts';
import { eventually, GiveUpError } from './eventually.ts';
import { type ClusterLayout, kubeconfigPath, root } from './layout.ts';
import { loadBalancerPool } from './load-balancer-pool.ts';
import { provideLan, removeLan } from './node-lan.ts';
import { lanAddress, type NodeLayout, nodeLayouts, nodesMax, nodesPresent } from './node-layout.ts';
import { providePodApiAddress, removePodApiAddress } from './pod-api-address.ts';
import { ProcessFolder } from './processes.ts';
import { supervisorName } from './supervisor.ts';

/** Long enough for a machine whose cores are all taken. */
const readyTimeoutMs = 90_000;
const loopback = '127.0.0.1';
/** The registry, as nodes with a namespace of their own reach it. */
const lanRegistry = 'registry-lan';

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
    return ['control-plane', 'node-agent', 'registry'].every((name) => this.processes.running(name) !== undefined);
  }

  async client(): Promise<HttpClient> {
    return new HttpClient(await readKubeconfig(this.kubeconfig));
  }

  async startRegistry(): Promise<void> {
    await this.#serveRegistry('registry', `${loopback}:${this.layout.registryPort}`, '');
  }

  /** One folder may have several that serve it, but only one that writes. */
  async #serveRegistry(name: string, address: string, more: string): Promise<void> {
    const directory = join(this.layout.directory, 'registry');
    const file = join(directory, `${name}.yml`);
    await mkdir(directory, { recursive: true });
    const storage = `filesystem: {rootdirectory: ${JSON.stringify(join(directory, 'data'))}}${more}`;
    await writeFile(file, `version: 0.1\nlog: {level: warn}\nstorage:\n  ${storage}\nhttp: {addr: ${JSON.stringify(address)}}\n`);
    this.processes.start(name, ['docker-registry', 'serve', file]);
    await this.#ready(name, async () => (await fetch(`http://${address}/v2/`)).ok);
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
    const pool = loadBalancerPool(this.layout);
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
      ...['--gateway-address', `${podApiAddress}:${gatewayPort}`],
      ...['--cluster-cidr', podCidr, '--service-cidr', serviceCidr, '--cluster-dns', clusterDns],
      ...['--image-registry', `http://localhost:${this.layout.registryPort}`],
      ...(pool === '' ? [] : ['--load-balancer-pool', pool]),
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

  /** What runs goes on meanwhile. */
  async restartControlPlane(): Promise<void> {
    await this.processes.stop('control-plane');
    await this.startControlPlane();
  }

  /** The agents of all its nodes, one after the other. @param nodes how many; default: as many as it has had so far */
  async startAgents(nodes = nodesPresent(this.layout)): Promise<void> {
    const layouts = nodeLayouts(this.layout, nodes);
    if (nodes > 1) {
      await provideLan(this.layout, layouts);
      const address = `${lanAddress(this.layout, 1)}:${this.layout.registryPort}`;
      await this.#serveRegistry(lanRegistry, address, '\n  maintenance: {readonly: {enabled: true}}');
    }
    for (const node of layouts) await this.#node(node).start();
  }

  #node(node: NodeLayout): ClusterNode {
    const { layout, processes } = this;
    return new ClusterNode({
      ...{ layout, node, processes },
      program: this.#app('node-agent'),
      gateway: `${layout.podApiAddress}:${layout.gatewayPort}`,
      client: () => this.client(),
      joinToken: () => this.token((tokens) => tokens.createJoinToken()),
      ready: (name, holds) => this.#ready(name, holds),
    });
  }

  /** From now on, what dies is started again. */
  startSupervisor(): void {
    const program = join(import.meta.dirname, 'dist', 'supervisor.js');
    this.processes.start(supervisorName, [execPath, '--max-semi-space-size=1', program, this.layout.directory]);
  }

  /** Nobody starts anything beside whoever has called this. */
  async stopSupervisor(): Promise<void> {
    await this.processes.stop(supervisorName);
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
    const stopProcess = async (name: string) => {
      if (await this.processes.stop(name)) report(`${name} has stopped`);
    };
    await attempt('stopping the supervisor', () => this.stopSupervisor());
    const nodes = nodeLayouts(this.layout, nodesPresent(this.layout));
    // After a restart of the machine there is none, and what its nodes have is removed from within.
    if (nodes.length > 1) await attempt('reaching the nodes', () => provideLan(this.layout, nodes));
    for (const node of nodes.reverse()) {
      await attempt(`stopping the agent of ${node.name}`, () => this.#node(node).stop());
      if (!existsSync(node.directory)) continue;
      report(`ending the pods of ${node.name}`);
      await attempt(`ending the pods of ${node.name}`, () => this.#node(node).tearDown());
    }
    for (const name of ['control-plane', 'etcd', lanRegistry, 'registry']) await attempt(`stopping ${name}`, () => stopProcess(name));
    // Also of nodes whose start came to nothing.
    await attempt('removing the network between nodes', () => removeLan(this.layout, nodeLayouts(this.layout, nodesMax)));
    await attempt('removing the address of the API for pods', () => removePodApiAddress(this.layout));
    if (failures.length > 0) throw new Error(failures.join('\n'));
    if (removeState) await rm(this.layout.directory, { recursive: true, force: true });
  }

  #app(name: 'control-plane' | 'node-agent'): string[] {
    return [...nodeCommand(name), join(root, 'apps', name, 'dist', 'main.js')];
  }

  /** @throws Error with the end of the process's log */
  async #ready(name: string, holds: () => Promise<boolean>): Promise<void> {
    await eventually(`${name} being ready`, readyTimeoutMs, async () => {
      if (!this.processes.running(name)) throw new GiveUpError('it ended at once');
      return (await holds()) || undefined;
    }).catch((error: Error) => {
      const log = `its log (${this.processes.logFile(name)}) ends with:\n${this.processes.tail(name)}`;
      throw new Error(`${name} did not start: ${error.message}; ${log}`, { cause: error });
    });
  }
}
