// A machine in miniature: a network namespace with an uplink to an "outside", pods made by the real CNI plugin, and a HostNetwork that
// sees nothing else. The namespaces, /run and /etc/resolv.conf are the lab's own and end with its processes; this machine keeps its tables.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PodNetworkMode } from '../../../apps/node-agent/src/network/pod-routes-plan.ts';
import type { NodeCall } from './node.ts';
import type { Attempt } from './peer.ts';

export const nodeAddress = '192.0.2.2';
export const outsideAddress = '192.0.2.1';
/** In the lab's own /run. */
const directory = '/run/berth-lab';
const callTimeoutMs = 20_000;
const here = import.meta.dirname;

// What the node forwards at first is off, so that tests see who turns it on.
const setUp = `
mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && mkdir ${directory} &&
echo nameserver ${outsideAddress} > /run/resolv.conf && mount --bind /run/resolv.conf /etc/resolv.conf &&
echo 0 > /proc/sys/net/ipv4/ip_forward &&
ip netns add outside && ip link add eth0 type veth peer name eth0 netns outside &&
ip link set lo up && ip address add ${nodeAddress}/24 dev eth0 && ip link set eth0 up &&
ip -n outside address add ${outsideAddress}/24 dev eth0 && ip -n outside link set lo up && ip -n outside link set eth0 up &&
ip route add default via ${outsideAddress} && exec "$@"`;

interface RunOptions {
  namespace?: string;
  input?: string;
  env?: Record<string, string>;
  timeoutMs?: number;
}

export class NetworkLab implements AsyncDisposable {
  readonly directory = directory;
  readonly #node: ChildProcess;
  readonly #peers: ChildProcess[] = [];

  private constructor(node: ChildProcess) {
    this.#node = node;
  }

  /** @param address of its node, as other nodes know it */
  static async create(instance: string, { address = nodeAddress, mode = 'auto' }: { address?: string; mode?: PodNetworkMode } = {}) {
    const program = [process.execPath, join(here, 'node.ts'), instance, directory, address, mode];
    const node = spawn('unshare', ['--net', '--mount', 'sh', '-c', setUp, 'sh', ...program], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const lab = new NetworkLab(node);
    try {
      await lab.#answer();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @throws what the network threw */
  async call(call: NodeCall): Promise<void> {
    const answer = this.#answer();
    this.#node.send(call);
    await answer;
  }

  /** Runs a program on the node, or in one of the node's namespaces. @throws with its standard error */
  run(program: string, args: string[], more: RunOptions = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const [first = '', ...rest] = this.#command(program, args, more.namespace);
      const child = execFile(
        first,
        rest,
        { env: { ...process.env, ...more.env }, timeout: more.timeoutMs ?? callTimeoutMs },
        (error, stdout, stderr) =>
          error ? reject(new Error(`${program} ${args.join(' ')}: ${stderr || stdout || error.message}`)) : resolve(stdout),
      );
      child.stdin?.end(more.input);
    });
  }

  /** A cable to another lab's node: `name` at both ends, without addresses yet. @param namespace of this node's end; absent is the node itself */
  async connect(other: NetworkLab, name: string, namespace?: string): Promise<void> {
    await this.run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', String(other.#node.pid)], { namespace });
  }

  /** A pod's namespace as containerd would make it, by the CNI configuration that the network wrote. @returns its address */
  async addPod(name: string): Promise<string> {
    await this.run('ip', ['netns', 'add', name]);
    await this.run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    const list = JSON.parse(await this.run('cat', [`${directory}/cni/10-berth.conflist`]));
    const input = JSON.stringify({ ...list.plugins[0], name: list.name, cniVersion: list.cniVersion });
    const env = {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: name,
      CNI_NETNS: `/run/netns/${name}`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/usr/lib/cni',
    };
    const result = JSON.parse(await this.run('/usr/lib/cni/bridge', [], { input, env }));
    return result.ips[0].address.split('/')[0];
  }

  /** Something that answers `<name> <who asked>` over TCP and UDP. @param namespace absent serves on the node itself. @returns how to end it */
  async serve(name: string, port: number, namespace: string | undefined): Promise<() => Promise<void>> {
    return this.#start(['serve', name, String(port)], namespace);
  }

  /** TCP over IPv6. */
  async serveIpv6(name: string, port: number, namespace: string): Promise<void> {
    await this.#start(['serve-ipv6', name, String(port)], namespace);
  }

  /** The name server that the node's resolv.conf names: `web.default.svc.example` is 198.51.100.7, and there is nothing else. */
  async serveNames(): Promise<void> {
    await this.#start(['serve-names', outsideAddress], 'outside');
  }

  /** Resolves once it serves. */
  async #start(words: string[], namespace: string | undefined): Promise<() => Promise<void>> {
    const [first = '', ...rest] = this.#command(process.execPath, [join(here, 'peer.ts'), ...words], namespace);
    // Its input ends with this process, however that ends.
    const peer = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#peers.push(peer);
    await once(peer.stdout, 'data');
    return () => end(peer);
  }

  /** @param namespace absent asks from the node itself. @param sourcePort 0 is any */
  async ask(
    namespace: string | undefined,
    protocol: 'tcp' | 'udp',
    host: string,
    port: number,
    count = 1,
    sourcePort = 0,
    sourceAddress = '0.0.0.0',
  ): Promise<Attempt[]> {
    const args = [join(here, 'peer.ts'), protocol, host, String(port), String(count), String(sourcePort), sourceAddress];
    return JSON.parse(await this.run(process.execPath, args, { namespace }));
  }

  /** Side by side. @param targets such as `tcp/10.0.0.1/80` */
  async askAll(namespace: string | undefined, targets: string[]): Promise<Attempt[]> {
    return JSON.parse(await this.run(process.execPath, [join(here, 'peer.ts'), 'ask-all', ...targets], { namespace }));
  }

  /** What a resolver says, as JSON, or its error code. */
  async resolve(namespace: string | undefined, server: string, type: string, name: string): Promise<string | undefined> {
    const output = await this.run(process.execPath, [join(here, 'peer.ts'), 'resolve', server, type, name], { namespace });
    const [attempt]: Attempt[] = JSON.parse(output);
    return attempt?.reply ?? attempt?.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [...this.#peers, this.#node]) await end(child);
  }

  #command(program: string, args: string[], namespace: string | undefined): string[] {
    const inNamespace = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace];
    const { pid } = this.#node;
    return ['nsenter', `--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`, ...inNamespace, program, ...args];
  }

  async #answer(): Promise<void> {
    const ended = new AbortController();
    const onExit = () => ended.abort(new Error("the lab's node has ended"));
    this.#node.once('exit', onExit);
    try {
      const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(callTimeoutMs)]);
      const [{ error }] = await once(this.#node, 'message', { signal });
      if (error) throw new Error(error);
    } finally {
      this.#node.removeListener('exit', onExit);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
