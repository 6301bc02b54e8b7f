// One keep-alive connection of a load generator: writes prepared requests and reads just enough of the answers to know where
// they end, so that what is measured is the server. Never use it for anything else: it trusts what it reads.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const readBytes = 64 * 1024;
const headEnd = Buffer.from('\r\n\r\n');

export interface Endpoint {
  host: string;
  port: number;
  /** Absent for plain HTTP. */
  tls?: { ca: string; cert?: string; key?: string };
}

export interface Answered {
  code: number;
  bodyBytes: number;
}

interface Pending {
  resolve(answer: Answered): void;
  reject(error: Error): void;
}

/** GET, or a request with a JSON body. */
export function preparedRequest(method: string, path: string, body?: Buffer, contentType = 'application/json'): Buffer {
  const length = body ? `content-type: ${contentType}\r\ncontent-length: ${body.length}\r\n` : '';
  const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\nuser-agent: berth-bench/1\r\n${length}\r\n`;
  return body ? Buffer.concat([Buffer.from(head), body]) : Buffer.from(head);
}

export class RawConnection {
  readonly #socket: Socket;
  #pending: Pending | undefined;
  /** Of an answer whose head has not ended yet. */
  #head: Buffer | undefined;
  #code = 0;
  #bodyBytes = 0;
  /** Bytes of the body that are still to come; undefined while no answer is being read. */
  #left: number | undefined;
  #chunks: ChunkedBody | undefined;
  #onBytes: ((bytes: Buffer) => void) | undefined;

  static open(endpoint: Endpoint): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      let connection: RawConnection | undefined;
      const onread = {
        buffer: Buffer.allocUnsafe(readBytes),
        callback: (length: number, buffer: Uint8Array) => connection?.receive(buffer as Buffer, length) ?? true,
      };
      const { host, port, tls } = endpoint;
      const opened = () => {
        socket.setNoDelay(true);
        connection = new RawConnection(socket);
        resolve(connection);
      };
      // Sessions are not resumed: each connection shows its certificate.
      const socket: Socket = tls
        ? connectTls({ host, port, ...tls, servername: 'localhost', onread, checkServerIdentity: () => undefined } as object, opened)
        : connectTcp({ host, port, onread }, opened);
      socket.once('error', reject);
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    const failed = (error: Error) => this.#pending?.reject(error);
    socket.on('error', failed);
    socket.on('close', () => failed(new Error('the server closed the connection')));
  }

  /** One at a time. */
  send(request: Buffer): Promise<Answered> {
    return new Promise((resolve, reject) => {
      // Nobody will say so: it was closed between two rounds.
      if (this.#socket.destroyed) throw new Error('the server closed the connection while it was idle');
      this.#pending = { resolve, reject };
      this.#socket.write(request);
    });
  }

  /** Resolves with the head's arrival; from then on every piece of the body, as framed on the wire, goes to `onBytes`. */
  stream(request: Buffer, onBytes: (bytes: Buffer) => void): Promise<Answered> {
    this.#onBytes = onBytes;
    return this.send(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  receive(buffer: Buffer, length: number): boolean {
    let bytes = buffer.subarray(0, length);
    if (this.#left === undefined) {
      const rest = this.#readHead(bytes);
      if (!rest) return true;
      bytes = rest;
    }
    if (this.#onBytes) {
      if (bytes.length > 0) this.#onBytes(bytes);
      return true;
    }
    this.#readBody(bytes);
    return true;
  }

  /** Returns what follows the head, once it is complete. */
  #readHead(bytes: Buffer): Buffer | undefined {
    const all = this.#head ? Buffer.concat([this.#head, bytes]) : bytes;
    const end = all.indexOf(headEnd);
    if (end < 0) {
      this.#head = Buffer.from(all);
      return undefined;
    }
    this.#head = undefined;
    const text = all.toString('latin1', 0, end + 2);
    this.#code = Number(text.slice(9, 12));
    this.#bodyBytes = 0;
    const declared = /\r\ncontent-length: (\d+)\r\n/i.exec(text);
    this.#left = declared ? Number(declared[1]) : Number.POSITIVE_INFINITY;
    this.#chunks = declared ? undefined : new ChunkedBody();
    if (this.#onBytes) this.#done();
    return all.subarray(end + headEnd.length);
  }

  #readBody(bytes: Buffer): void {
    if (this.#chunks) {
      if (!this.#chunks.read(bytes)) return;
      this.#bodyBytes = this.#chunks.bodyBytes;
    } else {
      this.#bodyBytes += bytes.length;
      this.#left = (this.#left ?? 0) - bytes.length;
      if (this.#left > 0) return;
    }
    this.#left = undefined;
    this.#done();
  }

  #done(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve({ code: this.#code, bodyBytes: this.#bodyBytes });
  }
}

/** Finds the end of a body in chunks (RFC 9112, section 7.1), without looking at what is in them. */
class ChunkedBody {
  bodyBytes = 0;
  #size = '';
  #skip = 0;
  #isLast = false;

  /** Whether this was the last of it. */
  read(bytes: Buffer): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - at);
        this.#skip -= step;
        at += step;
        if (this.#skip === 0 && this.#isLast) return true;
        continue;
      }
      const end = bytes.indexOf(10, at);
      this.#size += bytes.toString('latin1', at, end < 0 ? bytes.length : end + 1);
      if (end < 0) return false;
      at = end + 1;
      const text = this.#size.trim();
      this.#size = '';
      const size = Number.parseInt(text, 16);
      this.bodyBytes += size;
      this.#isLast = size === 0;
      this.#skip = size + 2;
    }
    return false;
  }
}
