// Who is served when more is asked than can be done at once. Every request over HTTP belongs to a flow of a priority level; a
// client that asks for too much waits in its own flow's queues, and others pass it by. Berth's own parts in this process are
// not asked to wait.
import type { FlowSchema, PriorityLevelConfiguration } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { User } from '../core/types.ts';
import { type FlowAttributes, flowOf, inPrecedence, schemaOf } from './flow-matching.ts';
import { divideSeats, hasSeat, PriorityLevel, type Seat } from './priority-level.ts';

/** A quarter of the longest time that a request may take; who has waited so long is told to come back. */
const waitMsMax = 15_000;
const retryAfterSeconds = 1;

export interface FlowMetrics {
  dispatched(level: string, schema: string): void;
  /** By how many more, or fewer, run or wait now. */
  executing(level: string, schema: string, change: 1 | -1): void;
  queued(level: string, schema: string, change: 1 | -1): void;
  rejected(level: string, schema: string, reason: 'queue-full' | 'time-out' | 'concurrency-limit'): void;
}

export interface FlowControlOptions {
  clock: Clock;
  /** Requests that run at a time, of all levels. */
  seats: number;
  metrics: FlowMetrics;
}

/** A request's place: `headers` tell clients what they were counted as. */
export interface Admitted extends Seat {
  headers: Record<string, string>;
}

export class FlowControl {
  readonly #options: FlowControlOptions;
  #schemas: FlowSchema[] = [];
  #levels = new Map<string, PriorityLevel>();
  #order: PriorityLevel[] = [];

  constructor(options: FlowControlOptions) {
    this.#options = options;
  }

  get levels(): PriorityLevel[] {
    return this.#order;
  }

  /** Takes over a new configuration. Levels that did not change keep what runs and waits in them. */
  configure(schemas: FlowSchema[], configurations: PriorityLevelConfiguration[]): void {
    const { clock, seats } = this.#options;
    this.#schemas = inPrecedence(schemas);
    const before = this.#levels;
    const known = (configuration: PriorityLevelConfiguration) => before.get(identityOf(configuration));
    this.#order = configurations.map((configuration) => known(configuration) ?? new PriorityLevel(configuration, clock));
    this.#levels = new Map(configurations.map((configuration, index) => [identityOf(configuration), this.#order[index] as PriorityLevel]));
    divideSeats(this.#order, seats);
    // What waits in a level that is gone still has its turn.
    for (const level of before.values()) if (!this.#order.includes(level)) this.#flush(level);
    this.#startWaiting();
  }

  /** Resolves when the request may run. @throws StatusError 429 */
  async admit(user: User, attributes: FlowAttributes, signal: AbortSignal): Promise<Admitted | undefined> {
    const schema = schemaOf(this.#schemas, user, attributes);
    const level = schema && this.#order.find((one) => one.name === schema.spec.priorityLevelConfiguration.name);
    // Without a configuration, which is so for the first moments of a start, nobody waits.
    if (!schema || !level) return undefined;
    const flow = `${schema.metadata.name}/${flowOf(schema, user, attributes)}`;
    const { metrics } = this.#options;
    const { name } = schema.metadata;
    let seat: Seat;
    if (this.#mayStart(level)) seat = level.seat(flow, this.#onFree);
    else {
      metrics.queued(level.name, name, 1);
      seat = await this.#wait(level, schema, flow, signal).finally(() => metrics.queued(level.name, name, -1));
    }
    metrics.dispatched(level.name, name);
    metrics.executing(level.name, name, 1);
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      metrics.executing(level.name, name, -1);
      seat.release();
    };
    const headers = {
      'x-kubernetes-pf-flowschema-uid': schema.metadata.uid ?? '',
      'x-kubernetes-pf-prioritylevel-uid': level.uid,
    };
    return { release, headers };
  }

  #mayStart(level: PriorityLevel): boolean {
    return !level.isWaiting && hasSeat(level, this.#order, this.#options.seats);
  }

  #wait(level: PriorityLevel, schema: FlowSchema, flow: string, signal: AbortSignal): Promise<Seat> {
    const { clock, metrics } = this.#options;
    const refuse = (reason: Parameters<FlowMetrics['rejected']>[2]) => {
      metrics.rejected(level.name, schema.metadata.name, reason);
      return StatusError.tooManyRequests('too many requests, please try again later', retryAfterSeconds);
    };
    // Its client may have left while its body was read.
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const settle = () => {
        timer.cancel();
        signal.removeEventListener('abort', giveUp);
      };
      const waiting = level.wait({
        flow,
        onFree: this.#onFree,
        onSeat: (seat) => {
          settle();
          resolve(seat);
        },
      });
      if (!waiting) {
        reject(refuse(level.queues ? 'queue-full' : 'concurrency-limit'));
        return;
      }
      const timer = clock.after(waitMsMax, () => {
        waiting.cancel();
        settle();
        reject(refuse('time-out'));
      });
      const giveUp = () => {
        waiting.cancel();
        settle();
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  readonly #onFree = (): void => this.#startWaiting();

  /** Each level in turn, as long as any has both somebody waiting and a seat. */
  #startWaiting(): void {
    for (let started = true; started; ) {
      started = false;
      for (const level of this.#order) {
        if (level.isWaiting && hasSeat(level, this.#order, this.#options.seats)) started = level.queues?.startNext() || started;
      }
    }
  }

  #flush(level: PriorityLevel): void {
    while (level.queues?.startNext());
  }
}

/** Changes with whatever the level's behaviour depends on. */
function identityOf({ metadata, spec }: PriorityLevelConfiguration): string {
  return `${metadata.name} ${metadata.uid} ${JSON.stringify(spec)}`;
}
