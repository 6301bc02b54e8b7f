// Who wrote something, bounded: one long name must not make every row of a store long.
import { authorBytesMax } from './store.ts';

/** As much of an author as is kept. */
export function boundedAuthor(author: string): string {
  // Three bytes are the most that UTF-8 makes of one unit of a string.
  if (author.length * 3 <= authorBytesMax) return author;
  const bytes = Buffer.from(author);
  // What is cut in the middle of a character ends in a replacement for it.
  return bytes.length <= authorBytesMax ? author : bytes.toString('utf8', 0, authorBytesMax - 3);
}
