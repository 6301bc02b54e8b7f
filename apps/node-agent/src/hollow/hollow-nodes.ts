// Many simulated nodes in one process, for loading a real control plane: each joins with the token, keeps a session of its own over the
// real protocol and reports as an agent does. In their pods nothing runs.
import { join } from 'node:path';
import { HollowRuntime } from '@berth/runtime';
import type { Clock, Logger, Random } from '@berth/telemetry';
import { Agent } from '../agent.ts';
import { SimulatedPullRecords } from '../images/pull-records.ts';
import { SimulatedPodCgroups } from '../node/simulated-pod-cgroups.ts';
import { SimulatedRestartMarks } from '../pods/restart-marks.ts';
import { GrpcAgentLink } from '../session/grpc-agent-link.ts';
import { simulatedMachine, simulatedNetwork, simulatedSettings } from './simulated-machine.ts';

/** Nodes that join at a time, and how long the next one waits for one that cannot. */
const joiningMax = 8;
const joiningMsMax = 10_000;
const lookEveryMs = 50;
/** Tells them from others: `kubectl get nodes -l berth.io/hollow=true`. */
const hollowLabel = 'berth.io/hollow';
/** As real containers take, in milliseconds. */
const delays = { sandbox: [50, 150], start: [20, 80], pull: [100, 500], stop: [20, 100] } satisfies Record<string, [number, number]>;

export interface HollowNodesOptions {
  count: number;
  /** Of their names: PREFIX-0 and so on. */
  prefix: string;
  /** Of the first node; the others have those that follow. */
  firstAddress: string;
  gateway: { host: string; port: number };
  /** Absent: each has its certificate below the directory. */
  token: string | undefined;
  /** Where their keys and certificates are. */
  dataDirectory: string;
}

export interface HollowPorts {
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** The IPv4 address so many after another one; undefined where there is none. */
export function addressAfter(first: string, steps: number): string | undefined {
  const number = first.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + steps;
  if (number >= 2 ** 32) return undefined;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

export class HollowNodes {
  readonly #options: HollowNodesOptions;
  readonly #ports: HollowPorts;
  readonly #agents: Agent[] = [];
  readonly #stopping = new AbortController();
  #lastFailure: string | undefined;

  constructor(options: HollowNodesOptions, ports: HollowPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  get connected(): number {
    return this.#agents.filter((agent) => agent.isConnected).length;
  }

  /** Why one of them could not join, or lost its session. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  /** Resolves once all have begun to join; they go on trying until they can. */
  async start(): Promise<void> {
    const indexes = Array.from({ length: this.#options.count }, (_, index) => index).values();
    const worker = async () => {
      for (const index of indexes) {
        if (this.#stopping.signal.aborted) return;
        const agent = this.#agent(index);
        this.#agents.push(agent);
        await agent.start();
        await this.#joined(agent);
      }
    };
    await Promise.all(Array.from({ length: joiningMax }, worker));
  }

  async #joined(agent: Agent): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#stopping;
    const untilMs = clock.monotonicMs() + joiningMsMax;
    while (!agent.isConnected && clock.monotonicMs() < untilMs && !signal.aborted)
      // Woken early it is being stopped, and looks.
      await clock.sleep(lookEveryMs, signal).catch(() => undefined);
  }

  /** The nodes fall silent, as those of machines that are switched off; their Node objects stay. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the nodes are stopping'));
    await Promise.all(this.#agents.map((agent) => agent.stop()));
  }

  /** Sessions of many end alike, as when the control plane restarts: a line for each says no more than the last one. */
  #logger(nodeName: string): Logger {
    const logger = this.#ports.logger.with({ node: nodeName });
    const warn: Logger['warn'] = (message, fields) => {
      this.#lastFailure = `${nodeName}: ${fields?.reason ?? message}`;
      logger.warn(message, fields);
    };
    return { debug: logger.debug, info: logger.info, warn, error: logger.error, with: (fields) => logger.with(fields) };
  }

  #agent(index: number): Agent {
    const { prefix, firstAddress, gateway, token, dataDirectory } = this.#options;
    const { clock, random } = this.#ports;
    const nodeName = `${prefix}-${index}`;
    const ports = { clock, random, logger: this.#logger(nodeName) };
    const settings = simulatedSettings(nodeName, addressAfter(firstAddress, index) ?? firstAddress);
    let ipPrefix = '10.244.0';
    const runtime = new HollowRuntime({
      ...{ clock, random, delays },
      get ipPrefix() {
        return ipPrefix;
      },
    });
    const link = new GrpcAgentLink({
      ...{ ...ports, gateway, nodeName, dataDirectory: join(dataDirectory, nodeName) },
      ...(token !== undefined && { joinToken: token }),
    });
    const network = {
      ...simulatedNetwork,
      configure: async ({ podCidr }: { podCidr: string }) => {
        ipPrefix = podCidr.split('.').slice(0, 3).join('.');
      },
    };
    return new Agent(
      {
        ...ports,
        ...simulatedMachine,
        link,
        network,
        runtime,
        cgroups: new SimulatedPodCgroups(),
        restartMarks: new SimulatedRestartMarks(),
        pullRecords: new SimulatedPullRecords(),
      },
      { ...settings, facts: { ...settings.facts, labels: { [hollowLabel]: 'true' } } },
    );
  }
}
