// Hands runtime events to any number of listeners. Each listener has a bounded queue; when it overflows the oldest events
// go, which costs time and nothing else: whoever listens looks again at the runtime's state.
import type { RuntimeEvent } from './runtime.ts';

const queueLimit = 4096;

interface Listener {
  queue: RuntimeEvent[];
  wake(): void;
  closed: boolean;
}

export class EventFeed {
  readonly #listeners = new Set<Listener>();

  publish(event: RuntimeEvent): void {
    for (const listener of this.#listeners) {
      if (listener.queue.length >= queueLimit) listener.queue.shift();
      listener.queue.push(event);
      listener.wake();
    }
  }

  /** Ends every listener's iteration, as when the runtime's connection is lost. */
  end(): void {
    for (const listener of this.#listeners) {
      listener.closed = true;
      listener.wake();
    }
  }

  /** Listening starts with this call, not with the first `next()`. */
  listen(signal: AbortSignal): AsyncIterableIterator<RuntimeEvent> {
    const listener: Listener = { queue: [], wake: () => {}, closed: signal.aborted };
    this.#listeners.add(listener);
    const close = () => {
      listener.closed = true;
      listener.wake();
    };
    signal.addEventListener('abort', close, { once: true });
    return this.#drain(listener, () => {
      signal.removeEventListener('abort', close);
      this.#listeners.delete(listener);
    });
  }

  #drain(listener: Listener, done: () => void): AsyncIterableIterator<RuntimeEvent> {
    const finish = (): IteratorResult<RuntimeEvent> => {
      listener.closed = true;
      done();
      return { done: true, value: undefined };
    };
    return {
      async next() {
        for (;;) {
          const event = listener.queue.shift();
          if (event) return { done: false, value: event };
          if (listener.closed) return finish();
          await new Promise<void>((resolve) => {
            listener.wake = resolve;
          });
        }
      },
      async return() {
        return finish();
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
