// One node of a cluster on this machine: its agent as a process, in a network namespace where it is not the first.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lease, Node } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { systemClock } from '@berth/telemetry';
import { hasIdentity } from '../../apps/cli/src/certificates.ts';
import type { ClusterLayout } from './layout.ts';
import { lanAddress, type NodeLayout } from './node-layout.ts';
import type { ProcessFolder } from './processes.ts';
import { runCommand } from './run-command.ts';

/** Where nodes' leases are, and how often they are renewed. */
const leaseNamespace = 'kube-node-lease';
const heartbeatSeconds = 10;
const tearDownTimeoutMs = 120_000;

/** A machine that people work on is often fuller than a server may be: pods go only when it is about to be full, images not before. */
const evictionHard = 'memory.available<100Mi,nodefs.available<5%,nodefs.inodesFree<5%,imagefs.available<5%,imagefs.inodesFree<5%';

export interface ClusterNodeParts {
  layout: ClusterLayout;
  node: NodeLayout;
  processes: Pick<ProcessFolder, 'running' | 'start' | 'stop'>;
  /** The agent's program, with Node and its flags. */
  program: string[];
  /** Where agents reach the control plane. */
  gateway: string;
  client(): Promise<HttpClient>;
  joinToken(): Promise<string>;
  /** Until it holds, or the process has ended. */
  ready(name: string, holds: () => Promise<boolean>): Promise<void>;
}

export class ClusterNode {
  readonly #parts: ClusterNodeParts;

  constructor(parts: ClusterNodeParts) {
    this.#parts = parts;
  }

  /** Does nothing where it runs already under its address. */
  async start(): Promise<void> {
    const { processes, node, ready } = this.#parts;
    const running = processes.running(node.process);
    const isSame = running !== undefined && optionOf(running.command, '--node-ip') === node.address;
    // It has neighbours now; its pods go on.
    if (running && !isSame) await processes.stop(node.process);
    // One that runs renews its lease every ten seconds.
    const seenSinceMs = systemClock.now() - (isSame ? 2 * heartbeatSeconds * 1000 : 0);
    if (!isSame) await this.#launch();
    await ready(node.process, () => this.#hasSession(seenSinceMs));
  }

  /** The agent goes, and pods go on. Returns whether it was running. */
  stop(): Promise<boolean> {
    return this.#parts.processes.stop(this.#parts.node.process);
  }

  /** Ends its pods, and removes what it made but its state. */
  async tearDown(): Promise<void> {
    if (!existsSync(this.#parts.node.directory)) return;
    await runCommand([...this.#command, '--tear-down'], { timeoutMs: tearDownTimeoutMs });
  }

  async #launch(): Promise<void> {
    const { processes, node, ready, joinToken } = this.#parts;
    if (node.namespace) await this.#pullFromMachine();
    const joined = hasIdentity(node.directory, systemClock.now());
    const token = joined ? {} : { BERTH_JOIN_TOKEN: await joinToken() };
    processes.start(node.process, this.#command, { ...process.env, ...token });
    await ready(node.process, async () => (await fetch(`http://${this.#metricsAddress}/healthz`)).ok);
  }

  /** What images call localhost is the machine's registry, on every node. */
  async #pullFromMachine(): Promise<void> {
    const { layout, node } = this.#parts;
    const registry = `localhost:${layout.registryPort}`;
    const directory = join(node.directory, 'c', 'registries', registry);
    await mkdir(directory, { recursive: true });
    const address = `http://${lanAddress(layout, 1)}:${layout.registryPort}`;
    const mirror = `[host.${JSON.stringify(address)}]\n  capabilities = ["pull", "resolve"]\n`;
    await writeFile(join(directory, 'hosts.toml'), `server = ${JSON.stringify(`http://${registry}`)}\n${mirror}`);
  }

  get #command(): string[] {
    const { layout, node, program, gateway } = this.#parts;
    return [
      ...(node.namespace ? ['nsenter', `--net=/run/netns/${node.namespace}`] : []),
      ...program,
      ...['--data-dir', node.directory, '--gateway', gateway, '--node-name', node.name],
      ...['--eviction-hard', evictionHard, '--image-gc-high-threshold', '95', '--image-gc-low-threshold', '90'],
      ...['--instance', node.instance, '--metrics-address', this.#metricsAddress],
      ...['--ingress-http-port', String(layout.ingressHttpPort), '--ingress-https-port', String(layout.ingressHttpsPort)],
      ...(node.address ? ['--node-ip', node.address] : []),
      ...(layout.containerd ? ['--containerd', layout.containerd] : []),
      ...(layout.ociRuntime ? ['--oci-runtime', layout.ociRuntime] : []),
      ...(node.namespace || layout.logDirectory === undefined ? [] : ['--log-directory', layout.logDirectory]),
    ];
  }

  /** Of a further node, its own: this machine's loopback is not its loopback. */
  get #metricsAddress(): string {
    const { layout, node } = this.#parts;
    return `${node.namespace && node.address ? node.address : '127.0.0.1'}:${layout.metricsPort}`;
  }

  /** Whether the control plane has heard of the node since then, and calls it ready. @throws Error saying what is amiss */
  async #hasSession(sinceMs: number): Promise<boolean> {
    const { name } = this.#parts.node;
    const client = await this.#parts.client();
    try {
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
}

function optionOf(command: string[], name: string): string | undefined {
  const at = command.indexOf(name);
  return at < 0 ? undefined : command[at + 1];
}
