// One simulated machine: a runtime whose containers outlive its agent, and the agent of the moment.
import type { SessionHub } from '@berth/gateway';
import { type MemoryAgentLink, memoryAgentLink } from '@berth/gateway/testing';
import { HollowRuntime, type HollowRuntimeOptions } from '@berth/runtime';
import { Life } from '@berth/testing';
import { Agent } from '../../apps/node-agent/src/agent.ts';
import {
  simulatedCgroupParent,
  simulatedMachine,
  simulatedNetwork,
  simulatedSettings,
} from '../../apps/node-agent/src/hollow/simulated-machine.ts';
import { SimulatedPullRecords } from '../../apps/node-agent/src/images/pull-records.ts';
import { SimulatedPodCgroups } from '../../apps/node-agent/src/node/simulated-pod-cgroups.ts';
import { PodTracing } from '../../apps/node-agent/src/pods/pod-tracing.ts';
import { SimulatedRestartMarks } from '../../apps/node-agent/src/pods/restart-marks.ts';
import type { SimulationPorts } from './simulated-control-plane.ts';

export const cgroupParent = simulatedCgroupParent;
const messageMsMax = 20;
const restartMs = 1_000;

export class HollowNode {
  readonly name: string;
  readonly runtime: HollowRuntime;
  readonly cgroups = new SimulatedPodCgroups();
  readonly #restartMarks = new SimulatedRestartMarks();
  readonly #pullRecords = new SimulatedPullRecords();
  readonly #ports: SimulationPorts;
  readonly #hub: () => SessionHub | undefined;
  /** The one of the moment. */
  agent: Agent | undefined;
  #life = new Life();
  #link: MemoryAgentLink | undefined;
  #isCut = false;

  /** @param onLog called with the path of its log when a container starts and when it ends */
  constructor(name: string, ports: SimulationPorts, hub: () => SessionHub | undefined, onLog?: HollowRuntimeOptions['onLog']) {
    this.name = name;
    this.#ports = ports;
    this.#hub = hub;
    this.runtime = new HollowRuntime({ clock: ports.clock, random: ports.random, ...(onLog && { onLog }) });
  }

  /** A new agent over what runs already. */
  async startAgent(): Promise<void> {
    this.crashAgent();
    this.#life = new Life();
    const { random, logger } = this.#ports;
    const clock = this.#life.clock(this.#ports.clock);
    const link = memoryAgentLink({ nodeName: this.name, hub: this.#hub, clock, random, logger, delayMs: () => random.int(messageMsMax) });
    link.partition(this.#isCut);
    this.#link = link;
    const tracing = new PodTracing(this.#ports.tracer);
    const ports = {
      ...simulatedMachine,
      ...{ link, network: simulatedNetwork, clock, random, logger, tracing },
      runtime: tracing.traced(this.#life.service(this.runtime)),
      cgroups: this.#life.service(this.cgroups),
      restartMarks: this.#life.service(this.#restartMarks),
      pullRecords: this.#life.service(this.#pullRecords),
    };
    const life = this.#life;
    const agent = new Agent(ports, simulatedSettings(this.name, '192.0.2.1'));
    this.agent = agent;
    await agent.start().catch((error: Error) => {
      // It ends, as its process would, and whoever keeps it starts it again.
      this.#ports.logger.info('an agent could not start', { node: this.name, error });
      life.end();
      this.#ports.clock.after(restartMs, () => life === this.#life && void this.startAgent());
    });
  }

  /** kill -9: its connection breaks, nothing else is said. */
  crashAgent(): void {
    this.#link?.disconnect('the agent died');
    this.#life.end();
  }

  /** Power off: nothing of it runs any more, and nothing is said of that. `startAgent` is what happens once it is on again. */
  halt(): void {
    this.crashAgent();
    this.runtime.reboot();
  }

  /** Cuts the machine off from the control plane, or mends that. */
  partition(isCut: boolean): void {
    this.#isCut = isCut;
    this.#link?.partition(isCut);
  }

  /** As when the control plane dies. */
  disconnect(): void {
    this.#link?.disconnect('the control plane died');
  }
}
