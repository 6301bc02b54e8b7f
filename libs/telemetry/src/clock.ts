// Time as a port, so that the same code runs on the wall clock and in a simulation that decides what time it is.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds that only grow, for durations. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; a timer never keeps the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. Whoever awaits it is at work: it keeps the process alive. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Sleep in terms of `after`, for any clock. */
export function sleepWith(clock: Pick<Clock, 'after'>, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The longest that setTimeout takes, 24.8 days: more than this it turns into a millisecond. */
const timeoutMsMax = 2 ** 31 - 1;

function systemTimer(delayMs: number, callback: () => void, keepsAlive: boolean): Timer {
  let timer: NodeJS.Timeout;
  const wait = (restMs: number) => {
    const isLast = restMs <= timeoutMsMax;
    timer = setTimeout(() => (isLast ? callback() : wait(restMs - timeoutMsMax)), Math.min(restMs, timeoutMsMax));
    if (!keepsAlive) timer.unref();
  };
  wait(delayMs);
  return { cancel: () => clearTimeout(timer) };
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => systemTimer(delayMs, callback, false),
  sleep: (delayMs, signal) => sleepWith({ after: (ms, callback) => systemTimer(ms, callback, true) }, delayMs, signal),
};

/** The last second that was written, and how: thousands of objects a second say the same one. */
let written = { second: Number.NaN, text: '' };

/** RFC 3339 with seconds, as metav1.Time is written. */
export function timestamp(clock: Pick<Clock, 'now'>): string {
  const second = Math.floor(clock.now() / 1000);
  if (second !== written.second) written = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  return written.text;
}

/** RFC 3339 with microseconds, as metav1.MicroTime is written. */
export function microTimestamp(clock: Pick<Clock, 'now'>): string {
  return `${new Date(clock.now()).toISOString().slice(0, -1)}000Z`;
}
