// Optimistic concurrency: read, change, write, and again when somebody else was faster.
import { isReason } from '@berth/machinery';

const attemptsMax = 8;

/**
 * Repeats `attempt`, which must read anew each time, while it fails with Conflict.
 * @param attempt `isAgain` from the second time on: what it takes from a cache is behind then
 */
export async function retryOnConflict<T>(attempt: (isAgain: boolean) => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt(count > 1);
    } catch (error) {
      if (!isReason(error, 'Conflict') || count >= attemptsMax) throw error;
    }
  }
}
