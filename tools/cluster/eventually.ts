// Waiting for what no event tells: other processes' ports, files and answers.
import { setTimeout as sleep } from 'node:timers/promises';

/** Trying again is pointless. */
export class GiveUpError extends Error {}

/**
 * Tries until `attempt` returns something.
 * @throws GiveUpError from `attempt`, or Error with the last failure once `timeoutMs` have passed
 */
export async function eventually<T>(what: string, timeoutMs: number, attempt: () => Promise<T | undefined>, pauseMs = 50): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      if (error instanceof GiveUpError) throw error;
      last = error;
    }
    if (Date.now() > deadline) {
      const detail = last instanceof Error ? `: ${last.message}` : '';
      throw new Error(`${what} did not happen within ${timeoutMs / 1000} s${detail}`, { cause: last });
    }
    await sleep(pauseMs);
  }
}
