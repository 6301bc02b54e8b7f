// A whole cluster in one process on simulated time: a store, one control plane at a time over it, hollow nodes, and a trace of
// every commit. Everything that happens follows from the seed.
import type { Client } from '@berth/client';
import { MemoryStore, type StoreEvent } from '@berth/store';
import { type Logger, type Random, seededRandom, silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { Trace } from '@berth/testing';
import { noFaults, type StoreFaults } from './faulty-store.ts';
import { HollowNode } from './hollow-node.ts';
import { Safety } from './safety.ts';
import { SimulatedControlPlane } from './simulated-control-plane.ts';

const linesKept = 200;
export const admin = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

export class SimulatedCluster {
  readonly clock = new SimulatedClock();
  readonly trace = new Trace(linesKept);
  readonly nodes: HollowNode[];
  /** Of the test itself, so that it does not disturb the cluster's. */
  readonly chance: Random;
  faults: StoreFaults = noFaults;
  readonly safety: Safety;
  readonly answersGetLost: boolean;
  readonly #store = new MemoryStore({ clock: this.clock });
  readonly #random: Random;
  readonly #logger: Logger;
  #controlPlane: SimulatedControlPlane | undefined;

  /** @param onLog called with a node's name and a log's path when a container starts and when it ends */
  constructor(seed: number, nodeCount: number, logger: Logger = silentLogger, onLog?: (node: string, path: string, line: string) => void) {
    this.#random = seededRandom(seed);
    this.chance = seededRandom(seed + 1_000_003);
    this.#logger = logger;
    this.answersGetLost = seed % 2 === 1;
    this.safety = new Safety(this.answersGetLost);
    const ports = { clock: this.clock, random: this.#random, logger };
    const hub = () => this.#controlPlane?.gateway?.hub;
    const names = Array.from({ length: nodeCount }, (_, index) => `node-${index}`);
    this.nodes = names.map((name) => new HollowNode(name, ports, hub, onLog && ((path, line) => onLog(name, path, line))));
    void this.#watchStore();
  }

  get isUp(): boolean {
    return this.#controlPlane !== undefined;
  }

  /** Hangs, like its owner, when the control plane dies. */
  client(): Client | undefined {
    return this.#controlPlane?.api.localClient(admin);
  }

  async start(): Promise<void> {
    this.startControlPlane();
    for (const node of this.nodes) void node.startAgent();
    await this.clock.advance(5_000);
  }

  startControlPlane(): void {
    if (this.#controlPlane) return;
    const ports = { clock: this.clock, random: this.#random, logger: this.#logger };
    const next = new SimulatedControlPlane(this.#store, ports, () => this.faults);
    this.#controlPlane = next;
    void next.start().catch((error: Error) => {
      // The store failed it, as it may: its keeper starts another.
      this.trace.add(`control plane could not start: ${error.message}`);
      this.crashControlPlane();
      this.clock.after(1_000, () => this.startControlPlane());
    });
  }

  crashControlPlane(): void {
    this.#controlPlane?.life.end();
    this.#controlPlane = undefined;
    for (const node of this.nodes) node.disconnect();
  }

  async #watchStore(): Promise<void> {
    for await (const batch of this.#store.watch({ start: '/', end: '0', fromRevision: 1 }))
      for (const event of batch.events) this.#note(event);
  }

  #note(event: StoreEvent): void {
    const { type, kv } = event;
    const text = Buffer.from(kv.value).toString('utf8');
    this.trace.add(`${this.clock.monotonicMs()} ${kv.modRevision} ${type} ${kv.key} ${text}`);
    this.safety.note(event);
  }
}
