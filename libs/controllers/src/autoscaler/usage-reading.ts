// What pods use now, as metrics.k8s.io says, whoever serves it. It is read when an autoscaler looks and what was read is no longer new:
// in a cluster without autoscalers nobody asks.
import { PodMetrics } from '@berth/api';
import type { Client } from '@berth/client';
import { durationNanos, keyOf, parseQuantity, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { PodUsage, Usages } from './samples.ts';

/** Less than the period in which autoscalers look again. */
const newMs = 10_000;

export interface ReadUsages {
  usages: Usages;
  /** Why there are none. */
  problem?: string;
}

export class UsageReading {
  readonly #client: Pick<Client, 'list'>;
  readonly #clock: Clock;
  #last: { read: ReadUsages; atMs: number } | undefined;
  #reading: Promise<void> | undefined;

  constructor(client: Pick<Client, 'list'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Undefined while they are read anew: look again soon. */
  current(): ReadUsages | undefined {
    if (this.#last && this.#clock.monotonicMs() - this.#last.atMs < newMs) return this.#last.read;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return undefined;
  }

  async #read(): Promise<void> {
    const read = await this.#list().catch((error: unknown) => {
      // The autoscalers themselves say so: in their conditions and events.
      const reason = error instanceof StatusError ? error.message : String(error);
      return { usages: new Map(), problem: `unable to fetch metrics from resource metrics API: ${reason}` };
    });
    this.#last = { read, atMs: this.#clock.monotonicMs() };
  }

  async #list(): Promise<ReadUsages> {
    const { items } = await this.#client.list(PodMetrics);
    return { usages: new Map(items.map((metrics) => [keyOf(metrics), usageOf(metrics)])) };
  }
}

function usageOf({ timestamp, window, containers }: PodMetrics): PodUsage {
  const windowMs = Number((durationNanos(window) ?? 0n) / 1_000_000n);
  const amounts = containers.map(({ name, usage }) => {
    const amount = (resource: string) => parseQuantity(usage[resource] ?? '0').nanos;
    return [name, { cpu: amount('cpu'), memory: amount('memory') }] as const;
  });
  return { sinceMs: Date.parse(timestamp) - windowMs, containers: new Map(amounts) };
}
