// One record of a CRI log file: `2026-11-23T20:00:00.000000000Z stdout F text`. A record marked P is a piece of a line, whose
// rest follows in records of the same stream; pieces are passed on as they come, so that a line has no length limit.

export interface LogRecord {
  timeText: string;
  timeMs: number;
  stream: 'stdout' | 'stderr';
  partial: boolean;
  /** Without the line's end. */
  text: Buffer;
}

const newline = 0x0a;
const space = 0x20;
/** More than containerd writes in a record (256 KiB of text); a longer "record" is not one. */
const recordBytesMax = 2 ** 20;

/** Undefined for what is not a record, such as a line that a crash cut short. */
export function parseRecord(line: Buffer): LogRecord | undefined {
  const first = line.indexOf(space);
  const second = line.indexOf(space, first + 1);
  if (first < 0 || second < 0) return undefined;
  const third = line.indexOf(space, second + 1);
  const timeText = line.toString('latin1', 0, first);
  const timeMs = Date.parse(timeText);
  const stream = line.toString('latin1', first + 1, second);
  const tags = line.toString('latin1', second + 1, third < 0 ? line.length : third);
  if (Number.isNaN(timeMs) || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  return { timeText, timeMs, stream, partial: tags.split(':')[0] === 'P', text: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1) };
}

/** Cuts a file's bytes into lines, over chunk borders. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** Bytes that have come but are not a whole line yet. */
  get pendingBytes(): number {
    return this.#rest.length;
  }

  *push(chunk: Buffer): Generator<Buffer> {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    this.#rest = bytes.length - start > recordBytesMax ? Buffer.alloc(0) : Buffer.from(bytes.subarray(start));
  }
}
