// Simulated deaths: whatever holds a mortal clock or service stops dead when its life ends. No callback comes any more, no call
// is answered, nothing is cleaned up, as after kill -9.
import { type Clock, sleepWith, type Timer } from '@berth/telemetry';

/** One life of one process. */
export class Life {
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  clock(clock: Clock): Clock {
    const after = (delayMs: number, callback: () => void): Timer => clock.after(delayMs, () => this.#isOver || callback());
    const mortal: Clock = {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      after,
      sleep: (delayMs, signal) => sleepWith({ after }, delayMs, signal),
    };
    return mortal;
  }

  /** Calls made after the end, and answers that come after it, hang for ever. */
  service<T extends object>(service: T): T {
    return new Proxy(service, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...parameters: unknown[]) => {
          if (this.#isOver) return never;
          const answer: unknown = Reflect.apply(member, target, parameters);
          return answer instanceof Promise ? this.#whileAlive(answer) : answer;
        };
      },
    });
  }

  #whileAlive<T>(answer: Promise<T>): Promise<T> {
    return answer.then(
      (value) => (this.#isOver ? never : value),
      (error: unknown) => {
        if (this.#isOver) return never;
        throw error;
      },
    );
  }
}

const never = new Promise<never>(() => {});
