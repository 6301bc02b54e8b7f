// Reads the newest object and writes it changed, again while others write in between.
import { isReason } from '@berth/machinery';

const attemptsMax = 5;

/** @param attempt reads and writes once; called again after a Conflict, with `fresh` true: caches are behind then. */
export async function retryOnConflict<T>(attempt: (fresh: boolean) => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt(tried > 1);
    } catch (error) {
      if (!isReason(error, 'Conflict') || tried >= attemptsMax) throw error;
    }
  }
}
