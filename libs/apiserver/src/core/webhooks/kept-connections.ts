// Connections that are kept for the next call of the same server of others. Bounded in number, per server and in all, and in age, so that
// calls follow a service's endpoints.
import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '@berth/telemetry';

/** Of one server, at work and idle; further calls wait within their time-out. */
const atWorkMax = 256;
const idleMax = 8;
const idleMs = 30_000;
const ageMsMax = 60_000;
/** Servers whose connections are kept; those used longest ago lose theirs first. */
const serversMax = 128;

/** A connection that takes longer helps no call any more: none may last as long. */
const dialMsMax = 30_000;

export type Dialler = (signal: AbortSignal) => Promise<Duplex>;

class KeptAgent extends Agent {
  readonly #dial: Dialler;
  readonly #clock: Clock;
  readonly #dials = new Set<AbortController>();
  #isRetired = false;
  readonly #bornMs = new WeakMap<Duplex, number>();

  constructor(dial: Dialler, clock: Clock) {
    super({ keepAlive: true, maxSockets: atWorkMax, maxFreeSockets: idleMax, timeout: idleMs });
    this.#dial = dial;
    this.#clock = clock;
  }

  override createConnection(_options: ClientRequestArgs, done?: (error: Error | null, stream: Duplex) => void): undefined {
    const dialling = new AbortController();
    this.#dials.add(dialling);
    const timer = this.#clock.after(dialMsMax, () => dialling.abort(new Error('i/o timeout')));
    this.#dial(dialling.signal)
      .finally(() => {
        timer.cancel();
        this.#dials.delete(dialling);
      })
      .then(
        (stream) => {
          this.#bornMs.set(stream, this.#clock.monotonicMs());
          done?.(null, stream);
        },
        // Node takes a failed connection by its error alone.
        (error: Error) => (done as ((error: Error) => void) | undefined)?.(error),
      );
    return undefined;
  }

  /** Ends what is idle now, and what is at work once it is idle. */
  retire(): void {
    this.#isRetired = true;
    for (const stream of Object.values(this.freeSockets).flat()) stream?.destroy();
  }

  override destroy(): void {
    for (const dialling of this.#dials) dialling.abort(new Error('the server is stopping'));
    super.destroy();
  }

  override keepSocketAlive(stream: Duplex): boolean {
    if (this.#isRetired) return false;
    const bornMs = this.#bornMs.get(stream) ?? 0;
    if (this.#clock.monotonicMs() - bornMs > ageMsMax) return false;
    super.keepSocketAlive(stream);
    return true;
  }
}

export class KeptConnections {
  readonly #clock: Clock;
  /** Used last comes last. */
  readonly #agents = new Map<string, KeptAgent>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param key all that a connection depends on */
  agent(key: string, dial: Dialler): Agent {
    const agent = this.#agents.get(key) ?? new KeptAgent(dial, this.#clock);
    this.#agents.delete(key);
    this.#agents.set(key, agent);
    for (const [oldest, old] of this.#agents) {
      if (this.#agents.size <= serversMax) break;
      this.#agents.delete(oldest);
      old.retire();
    }
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}
