// Time that a simulation decides: timers fire in order, and between two of them everything that can go on without time does.
// What must hold for a seed to repeat a run: the code it drives does no I/O and asks only this clock for time.
import { type Clock, sleepWith, type Timer } from './clock.ts';

interface Pending {
  atMs: number;
  /** Breaks ties: timers of one moment fire in the order in which they were set. */
  sequence: number;
  callback: () => void;
  isCancelled: boolean;
}

export class SimulatedClock implements Clock {
  readonly #startMs: number;
  #nowMs = 0;
  #sequence = 0;
  #heap: Pending[] = [];

  /** @param startMs Unix milliseconds */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending: Pending = { atMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence++, callback, isCancelled: false };
    this.#push(pending);
    return {
      cancel: () => {
        pending.isCancelled = true;
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepWith(this, delayMs, signal);
  }

  /** Lets `durationMs` pass. */
  async advance(durationMs: number): Promise<void> {
    await this.runUntil(() => false, durationMs);
  }

  /**
   * Lets time pass until `holds` does, looked at after each moment in which something was due.
   * @returns whether it held before `limitMs` had passed
   */
  async runUntil(holds: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    await settled();
    while (!(await holds())) {
      const due = this.#nextBefore(endMs);
      if (!due) {
        this.#nowMs = endMs;
        return false;
      }
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      const momentMs = this.#nowMs;
      for (let timer: Pending | undefined = due; timer; timer = this.#nextBefore(momentMs)) {
        timer.callback();
        await settled();
      }
    }
    return true;
  }

  /** The first timer that is due by then, taken out. */
  #nextBefore(endMs: number): Pending | undefined {
    for (let first = this.#heap[0]; first && (first.isCancelled || first.atMs <= endMs); first = this.#heap[0]) {
      this.#pop();
      if (!first.isCancelled) return first;
    }
    return undefined;
  }

  #push(pending: Pending): void {
    const heap = this.#heap;
    let index = heap.push(pending) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      swap(heap, index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    swap(heap, 0, heap.length - 1);
    heap.pop();
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let first = index;
      if (isBefore(heap[left], heap[first])) first = left;
      if (isBefore(heap[right], heap[first])) first = right;
      if (first === index) return;
      swap(heap, index, first);
      index = first;
    }
  }
}

function isBefore(a: Pending | undefined, b: Pending | undefined): boolean {
  return a !== undefined && b !== undefined && (a.atMs - b.atMs || a.sequence - b.sequence) < 0;
}

function swap(heap: Pending[], a: number, b: number): void {
  const [first, second] = [heap[a], heap[b]];
  if (first && second) [heap[a], heap[b]] = [second, first];
}

/** Every promise that can be resolved without time has been, as the event loop empties its microtasks before the next turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
