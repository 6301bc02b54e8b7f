// What may be said of what is not there: only a list that is whole and up to date shows that something is absent. While it is being
// read, or cannot be, nobody knows.
import type { FeedState } from '../live/watch-feed.ts';

interface Listed {
  state: FeedState;
}

/** Whether what these lists do not hold is not there. */
export function isKnown(...listings: Listed[]): boolean {
  return listings.every(({ state }) => state === 'live' || state === 'polling');
}

/** `text` where it is known to be true; otherwise nothing, as a notice says why it is not known. */
export function absent(text: string, ...listings: Listed[]): string {
  return isKnown(...listings) ? text : '';
}
