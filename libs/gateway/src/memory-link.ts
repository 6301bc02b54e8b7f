// Sessions and tunnels without a network, for simulations: the same gateway and agent logic, joined by queues whose delays
// come from the clock and whose faults a test decides. Objects are passed as they are: both sides treat them as frozen.
import {
  type AgentLink,
  type Frame,
  FrameTunnel,
  type GatewayToAgent,
  ReconnectingAgentLink,
  type SessionDialer,
  type SessionEvents,
  type SessionWire,
  type Tunnel,
} from '@berth/protocol';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { SessionHub } from './session-hub.ts';

export interface MemoryLinkOptions {
  nodeName: string;
  /** The gateway that is up now; undefined while it is down. */
  hub(): SessionHub | undefined;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** How long one message takes; asked for each. Messages never overtake each other. */
  delayMs?(): number;
}

export interface MemoryAgentLink extends AgentLink {
  /** Breaks the session and its tunnels now; the agent redials by itself. */
  disconnect(reason?: string): void;
  /** While on, nothing arrives in either direction and neither side is told; what was sent meanwhile is lost with its session. */
  partition(on: boolean): void;
}

/** One direction: delivers in order, each message after its delay. */
class Pipe {
  readonly #clock: Clock;
  readonly #delayMs: () => number;
  readonly #cut: () => boolean;
  #lastAtMs = 0;
  /** One timer each. */
  readonly #waiting: (() => void)[] = [];
  /** A message was lost, so nothing after it may arrive: streams have no holes. */
  #broken = false;

  constructor(clock: Clock, delayMs: () => number, cut: () => boolean) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#cut = cut;
  }

  send(deliver: () => void): void {
    const now = this.#clock.monotonicMs();
    this.#lastAtMs = Math.max(this.#lastAtMs, now + this.#delayMs());
    this.#waiting.push(deliver);
    this.#clock.after(this.#lastAtMs - now, () => {
      // Not simply its own: real timers of different lengths that are due in the same millisecond may fire in any order.
      const oldest = this.#waiting.shift();
      this.#broken ||= this.#cut();
      if (!this.#broken) oldest?.();
    });
  }

  close(): void {
    this.#broken = true;
  }
}

class MemoryWire implements SessionDialer {
  readonly #options: MemoryLinkOptions;
  readonly #breakers = new Set<(reason: string) => void>();
  cut = false;

  constructor(options: MemoryLinkOptions) {
    this.#options = options;
  }

  async dial(events: SessionEvents): Promise<SessionWire> {
    const { nodeName, clock } = this.#options;
    const up = this.#pipe();
    const down = this.#pipe();
    await new Promise<void>((resolve) => void clock.after(this.#delayMs(), resolve));
    const hub = this.#options.hub();
    if (this.cut || !hub) throw new Error('the control plane cannot be reached');
    let open = true;
    const close = (reason: string, tellAgent: boolean) => {
      if (!open) return;
      open = false;
      this.#breakers.delete(breaker);
      up.close();
      // The reason travels behind what was sent before it.
      if (tellAgent) down.send(() => events.closed(reason));
      else down.close();
    };
    const breaker = (reason: string) => {
      session.close(reason);
    };
    const send = (message: GatewayToAgent) => {
      down.send(() => events.message(message));
      return true;
    };
    const session = hub.accept(nodeName, { send, close: (reason) => close(reason, true) });
    this.#breakers.add(breaker);
    return {
      send: (message) => up.send(() => session.receive(message)),
      openTunnel: (tunnelId) => this.#tunnel(hub, tunnelId),
      accountToken: (request) => hub.accountTokens.issue(nodeName, request),
      close: () => {
        if (!open) return;
        // The gateway learns of it as it would from a closed connection: not at all through a partition.
        close('the agent ended the session', false);
        const last = this.#pipe();
        last.send(() => session.close('the agent ended the session'));
      },
    };
  }

  close(): void {
    this.breakAll('the link is closed');
  }

  breakAll(reason: string): void {
    for (const breaker of [...this.#breakers]) breaker(reason);
  }

  #pipe(): Pipe {
    return new Pipe(
      this.#options.clock,
      () => this.#delayMs(),
      () => this.cut,
    );
  }

  #delayMs(): number {
    return this.#options.delayMs?.() ?? 0;
  }

  async #tunnel(hub: SessionHub, tunnelId: string): Promise<Tunnel> {
    const up = this.#pipe();
    const down = this.#pipe();
    const agent: FrameTunnel = new FrameTunnel(carrier(up, () => gateway));
    const gateway: FrameTunnel = new FrameTunnel(carrier(down, () => agent));
    const breaker = (reason: string) => {
      agent.carrierBroke(new Error(reason));
      gateway.carrierBroke(new Error(reason));
    };
    this.#breakers.add(breaker);
    void Promise.all([agent.finished, gateway.finished]).then(() => this.#breakers.delete(breaker));
    up.send(() => hub.tunnelOpened(tunnelId, this.#options.nodeName, gateway));
    return agent;
  }
}

function carrier(pipe: Pipe, other: () => FrameTunnel) {
  let ended = false;
  return {
    write: (frame: Frame) => {
      // Senders may reuse their buffers, as they may with a network.
      const copy = frame.data ? { ...frame, data: Uint8Array.from(frame.data) } : frame;
      if (!ended) pipe.send(() => other().receive(copy));
    },
    end: () => {
      if (!ended) pipe.send(() => other().carrierEnded());
      ended = true;
    },
    destroy: (error: Error) => {
      ended = true;
      pipe.send(() => other().carrierBroke(error));
    },
  };
}

export function memoryAgentLink(options: MemoryLinkOptions): MemoryAgentLink {
  const wire = new MemoryWire(options);
  const { clock, random, logger } = options;
  const link = new ReconnectingAgentLink({ dialer: wire, clock, random, logger: logger.with({ node: options.nodeName }) });
  return Object.assign(link, {
    disconnect: (reason = 'the connection broke') => wire.breakAll(reason),
    partition: (on: boolean) => {
      wire.cut = on;
    },
  });
}
