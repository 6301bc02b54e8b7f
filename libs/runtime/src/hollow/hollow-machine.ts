// The state of a simulated node's runtime and the changes that happen to it by themselves: containers that end, addresses
// that are handed out, events that follow. Ids and order depend on the given random and clock alone.
import type { Clock, Random, Timer } from '@berth/telemetry';
import { EventFeed } from '../event-feed.ts';
import type { ContainerConfig, ContainerInfo, RuntimeEvent, SandboxInfo } from '../runtime.ts';
import type { HollowBehaviour } from './behaviour.ts';

export interface HollowRuntimeOptions {
  clock: Clock;
  random: Random;
  /** The first three numbers of the pods' addresses. Default 10.244.0. */
  ipPrefix?: string;
  /** Uniform between the two, in milliseconds; all zero by default. */
  delays?: { sandbox?: [number, number]; start?: [number, number]; pull?: [number, number]; stop?: [number, number] };
  /** Images that are on the node from the sta */
  images?: string[];
  /** What a running container is said to use. */
  usage?: (container: ContainerInfo) => { cpuCores: number; memoryBytes: number };
  /** Called with a line when a container starts and when it ends. */
  onLog?: (logPath: string, line: string) => void;
}

export interface HollowContainer {
  info: ContainerInfo;
  config: ContainerConfig;
  behaviour: HollowBehaviour;
  endTimer?: Timer;
  ended: PromiseWithResolvers<void>;
}

export class HollowMachine {
  readonly feed = new EventFeed();
  readonly sandboxes = new Map<string, SandboxInfo>();
  readonly containers = new Map<string, HollowContainer>();
  readonly #options: HollowRuntimeOptions;
  readonly #clock: Clock;
  #created = 0;
  #lastAddress = 1;

  constructor(options: HollowRuntimeOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  of(sandboxId: string): HollowContainer[] {
    return [...this.containers.values()].filter(({ info }) => info.sandboxId === sandboxId);
  }

  end(id: string, exitCode: number, reason: string): void {
    const container = this.containers.get(id);
    if (!container || container.info.state === 'exited') return;
    container.endTimer?.cancel();
    const { info } = container;
    Object.assign(info, { state: 'exited', finishedAtMs: this.#clock.now(), exitCode, reason });
    this.#options.onLog?.(info.logPath, `ended with ${exitCode}`);
    container.ended.resolve();
    if (reason === 'OOMKilled') this.publish('oom', id, info.sandboxId);
    this.publish('stopped', id, info.sandboxId);
  }

  makeNotReady(sandbox: SandboxInfo): void {
    if (sandbox.state === 'notReady') return;
    sandbox.state = 'notReady';
    sandbox.ips = [];
    this.publish('stopped', sandbox.id, sandbox.id);
  }

  publish(type: RuntimeEvent['type'], containerId: string, sandboxId: string): void {
    this.feed.publish({ type, containerId, sandboxId });
  }

  /** As long as containerd's, and distinct by the counter even if chance repeats. */
  newId(): string {
    this.#created += 1;
    const word = () => Math.floor(this.#options.random.next() * 2 ** 32);
    return [this.#created, word()]
      .map((part) => part.toString(16).padStart(8, '0'))
      .join('')
      .padEnd(64, '0');
  }

  /** The next free one of .2 to .254. */
  newAddress(): string {
    const used = new Set([...this.sandboxes.values()].flatMap((sandbox) => sandbox.ips));
    for (let tried = 0; tried < 253; tried++) {
      this.#lastAddress = this.#lastAddress >= 254 ? 2 : this.#lastAddress + 1;
      const address = `${this.#options.ipPrefix ?? '10.244.0'}.${this.#lastAddress}`;
      if (!used.has(address)) return address;
    }
    throw new Error('no pod address is free on this node; remove pods or use a larger pod network');
  }
}
