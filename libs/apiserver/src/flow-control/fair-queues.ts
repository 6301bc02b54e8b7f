// The queues of one priority level. A flow is dealt a few of them, so that two flows seldom share all, and the queue that has
// had the least service goes next: a flow with a thousand requests waiting delays another one's first by one turn.
import { createHash } from 'node:crypto';

/** Flows whose hands are remembered. */
const handsMax = 2_000;

export interface QueuingSettings {
  queues: number;
  handSize: number;
  queueLengthLimit: number;
}

export interface Waiting {
  flow: string;
  /** Called once, when its turn has come. */
  start(queue: Queue): void;
}

export class Queue {
  readonly waiting: Waiting[] = [];
  /** Service that the queue has had, in milliseconds of execution, by the level's virtual time. */
  served = 0;
}

export class FairQueues {
  readonly #settings: QueuingSettings;
  readonly #queues: Queue[];
  readonly #hands = new Map<string, number[]>();
  /** Never behind: a queue that was idle does not save up turns. */
  #virtualTime = 0;
  #length = 0;

  constructor(settings: QueuingSettings) {
    this.#settings = settings;
    this.#queues = Array.from({ length: Math.max(1, settings.queues) }, () => new Queue());
  }

  get length(): number {
    return this.#length;
  }

  /** The queue that a flow's next request belongs to: the shortest of its hand. */
  queueFor(flow: string): Queue {
    let best: Queue | undefined;
    for (const index of this.#handOf(flow)) {
      const queue = this.#queues[index];
      if (queue && (!best || queue.waiting.length < best.waiting.length)) best = queue;
    }
    return best ?? (this.#queues[0] as Queue);
  }

  /** False when the flow's queues are full. */
  enqueue(request: Waiting): boolean {
    const queue = this.queueFor(request.flow);
    if (queue.waiting.length >= this.#settings.queueLengthLimit) return false;
    this.catchUp(queue);
    queue.waiting.push(request);
    this.#length += 1;
    return true;
  }

  /** Starts the request whose queue has had the least; false when nothing waits. */
  startNext(): boolean {
    let next: Queue | undefined;
    for (const queue of this.#queues) {
      if (queue.waiting.length > 0 && (!next || queue.served < next.served)) next = queue;
    }
    const request = next?.waiting.shift();
    if (!next || !request) return false;
    this.#length -= 1;
    this.#virtualTime = Math.max(this.#virtualTime, next.served);
    request.start(next);
    return true;
  }

  /** Takes a request out that does not want to wait any longer. */
  remove(request: Waiting): void {
    for (const queue of this.#queues) {
      const index = queue.waiting.indexOf(request);
      if (index < 0) continue;
      queue.waiting.splice(index, 1);
      this.#length -= 1;
    }
  }

  /** Before a queue gets its first request. */
  catchUp(queue: Queue): void {
    if (queue.waiting.length === 0) queue.served = Math.max(queue.served, this.#virtualTime);
  }

  #handOf(flow: string): number[] {
    const known = this.#hands.get(flow);
    if (known) return known;
    const hand = deal(flow, this.#queues.length, this.#settings.handSize);
    const oldest = this.#hands.keys().next();
    if (this.#hands.size >= handsMax && !oldest.done) this.#hands.delete(oldest.value);
    this.#hands.set(flow, hand);
    return hand;
  }
}

/** `size` different numbers below `deck`, which depend on the text alone. */
export function deal(text: string, deck: number, size: number): number[] {
  let entropy = BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
  const cards = Array.from({ length: deck }, (_, index) => index);
  const hand: number[] = [];
  for (let count = 0; count < size && cards.length > 0; count++) {
    const left = BigInt(cards.length);
    hand.push(...cards.splice(Number(entropy % left), 1));
    entropy /= left;
  }
  return hand;
}
