// Header blocks: name/value pairs under one zlib stream per connection and direction. Both sides' streams advance with every
// block, so blocks must be coded in the order in which they travel, and one that cannot be read ends the session.
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { spdyDictionary } from './dictionary.ts';
import { SpdyProtocolError } from './errors.ts';

/** Names are lower-case. A name's several values are joined by `, `. */
export type SpdyHeaders = Record<string, string>;

const blockBytesMax = 64 * 2 ** 10;

export class HeaderCodec {
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });

  constructor() {
    // Each block's promise carries its error; one that comes later concerns no block.
    for (const zlib of [this.#deflate, this.#inflate]) zlib.on('error', () => this.close());
  }

  encode(headers: SpdyHeaders): Promise<Buffer> {
    const parts = [uint32(Object.keys(headers).length)];
    for (const [name, value] of Object.entries(headers)) {
      for (const text of [name.toLowerCase(), value]) {
        const bytes = Buffer.from(text);
        parts.push(uint32(bytes.length), bytes);
      }
    }
    return throughZlib(this.#deflate, Buffer.concat(parts), Number.POSITIVE_INFINITY);
  }

  /** @throws SpdyProtocolError */
  async decode(block: Buffer): Promise<SpdyHeaders> {
    return parseBlock(await throughZlib(this.#inflate, block, blockBytesMax));
  }

  close(): void {
    this.#deflate.close();
    this.#inflate.close();
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What zlib makes of the input by its sync flush. */
function throughZlib(zlib: Deflate | Inflate, input: Buffer, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const onData = (part: Buffer) => {
      size += part.length;
      parts.push(part);
      if (size > bytesMax) zlib.destroy(new SpdyProtocolError(`a header block of more than ${bytesMax} bytes`));
    };
    // Only listeners of this block are taken off again: an error must never find none.
    const done = (error?: Error | null) => {
      zlib.off('data', onData).off('error', done);
      if (!error) resolve(Buffer.concat(parts));
      else
        reject(
          error instanceof SpdyProtocolError ? error : new SpdyProtocolError(`unreadable headers (${error.message})`, { cause: error }),
        );
    };
    zlib.on('data', onData).on('error', done);
    zlib.write(input, (error) => {
      // What was pushed while zlib was at work may still wait for its event.
      while (!zlib.destroyed && zlib.readableLength > 0 && zlib.read() !== null);
      done(error ?? zlib.errored ?? (zlib.destroyed ? new Error('closed') : undefined));
    });
  });
}

function parseBlock(block: Buffer): SpdyHeaders {
  let offset = 0;
  const take = (length: number): Buffer => {
    if (offset + length > block.length) throw new SpdyProtocolError('a header block is cut short');
    offset += length;
    return block.subarray(offset - length, offset);
  };
  const text = (): string => take(take(4).readUInt32BE()).toString();
  const headers = new Map<string, string>();
  for (let left = take(4).readUInt32BE(); left > 0; left--) {
    const name = text();
    if (name === '' || headers.has(name)) throw new SpdyProtocolError(`an empty or repeated header name ${JSON.stringify(name)}`);
    headers.set(name, text().replaceAll('\0', ', '));
  }
  return Object.fromEntries(headers);
}
