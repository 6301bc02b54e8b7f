// One priority level: how many requests of it run, and which waits for its turn. Seats that a level does not use others may
// borrow, as far as both allow it.
import type { PriorityLevelConfiguration } from '@berth/api';
import type { Clock } from '@berth/telemetry';
import { FairQueues, type Queue, type Waiting } from './fair-queues.ts';

/** What a request is expected to take before it has: corrected when it ends. */
const expectedMs = 3;

export interface Seat {
  /** Once; gives the seat to whoever is next. */
  release(): void;
}

export class PriorityLevel {
  readonly name: string;
  readonly uid: string;
  readonly isExempt: boolean;
  /** Share of all seats, guaranteed as far as it is not lent. */
  readonly shares: number;
  readonly lendableFraction: number;
  /** Undefined for no limit. */
  readonly borrowingFraction: number | undefined;
  readonly queues: FairQueues | undefined;
  nominalSeats = 0;
  inUse = 0;
  readonly #clock: Clock;

  constructor({ metadata, spec }: PriorityLevelConfiguration, clock: Clock) {
    const { limited, exempt } = spec;
    this.name = metadata.name;
    this.uid = metadata.uid ?? '';
    this.isExempt = spec.type === 'Exempt';
    this.#clock = clock;
    this.shares = (this.isExempt ? exempt?.nominalConcurrencyShares : limited?.nominalConcurrencyShares) ?? (this.isExempt ? 0 : 30);
    this.lendableFraction = ((this.isExempt ? exempt?.lendablePercent : limited?.lendablePercent) ?? 0) / 100;
    this.borrowingFraction = limited?.borrowingLimitPercent === undefined ? undefined : limited.borrowingLimitPercent / 100;
    const { type, queuing } = limited?.limitResponse ?? {};
    if (type !== 'Queue') return;
    const { queues = 64, handSize = 8, queueLengthLimit = 50 } = queuing ?? {};
    this.queues = new FairQueues({ queues, handSize, queueLengthLimit });
  }

  get guaranteedSeats(): number {
    return Math.ceil(this.nominalSeats * (1 - this.lendableFraction));
  }

  get seatsMax(): number {
    if (this.borrowingFraction === undefined) return Number.POSITIVE_INFINITY;
    return this.nominalSeats + Math.round(this.nominalSeats * this.borrowingFraction);
  }

  get isWaiting(): boolean {
    return (this.queues?.length ?? 0) > 0;
  }

  /** Takes a seat. @param onFree called after the seat is given back */
  seat(flow: string, onFree: () => void): Seat {
    const queue = this.queues?.queueFor(flow);
    if (queue) this.queues?.catchUp(queue);
    return this.#occupy(queue, onFree);
  }

  /** False when the flow's queues are full. */
  wait(request: { flow: string; onSeat(seat: Seat): void; onFree: () => void }): { cancel(): void } | undefined {
    const waiting: Waiting = { flow: request.flow, start: (queue) => request.onSeat(this.#occupy(queue, request.onFree)) };
    if (!this.queues?.enqueue(waiting)) return undefined;
    return { cancel: () => this.queues?.remove(waiting) };
  }

  #occupy(queue: Queue | undefined, onFree: () => void): Seat {
    const startMs = this.#clock.monotonicMs();
    this.inUse += 1;
    if (queue) queue.served += expectedMs;
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.inUse -= 1;
        if (queue) queue.served += this.#clock.monotonicMs() - startMs - expectedMs;
        onFree();
      },
    };
  }
}

/** Divides all seats by the levels' shares. */
export function divideSeats(levels: PriorityLevel[], total: number): void {
  const shares = levels.reduce((sum, level) => sum + level.shares, 0);
  for (const level of levels) level.nominalSeats = shares === 0 ? 0 : Math.ceil((total * level.shares) / shares);
}

/** Whether one more request of the level may run now. */
export function hasSeat(level: PriorityLevel, levels: PriorityLevel[], total: number): boolean {
  if (level.isExempt || level.inUse < level.nominalSeats) return true;
  if (level.inUse >= level.seatsMax) return false;
  let taken = level.inUse;
  for (const other of levels) if (other !== level) taken += Math.max(other.inUse, other.guaranteedSeats);
  return taken < total;
}
