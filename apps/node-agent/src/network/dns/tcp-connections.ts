// DNS over TCP (RFC 7766): questions one after the other on a connection, answers as they come. What a peer can make this process hold is
// bounded: a connection is read only while few of its questions wait and its answers are taken, and there are so many connections and no
// more. Who neither asks nor reads for a while is cut off.
import type { Socket } from 'node:net';
import type { Clock, Timer } from '@berth/telemetry';
import { ClientLimit } from './client-limit.ts';

export interface TcpLimits {
  connectionsMax: number;
  connectionsPerClientMax: number;
  /** Of one connection. */
  questionsInFlightMax: number;
  /** No question comes near this; a longer one is no question. */
  questionBytesMax: number;
  /** Then the connection ends: the kernel would hold megabytes that a peer does not read, and does not say so. */
  answerBytesMax: number;
  /** For the next whole question to arrive, and for answers to be taken. */
  idleMs: number;
}

export const defaultTcpLimits: TcpLimits = {
  connectionsMax: 200,
  connectionsPerClientMax: 16,
  questionsInFlightMax: 8,
  questionBytesMax: 4_096,
  answerBytesMax: 512 * 1024,
  idleMs: 10_000,
};

const lengthBytes = 2;

/** Undefined for what deserves no answer. */
type Answerer = (question: Buffer, client: string) => Promise<Buffer | undefined>;

export class TcpConnections {
  readonly #clock: Clock;
  readonly #answer: Answerer;
  readonly #limits: TcpLimits;
  readonly #shares: ClientLimit;
  /** With what gives its share back. The one that asked last is last. */
  readonly #open = new Map<Connection, () => void>();

  constructor(clock: Clock, answer: Answerer, limits: TcpLimits = defaultTcpLimits) {
    this.#clock = clock;
    this.#answer = answer;
    this.#limits = limits;
    this.#shares = new ClientLimit(limits.connectionsPerClientMax, limits.connectionsMax);
  }

  /** Takes a new connection, for one that has been quiet the longest where there are too many; refuses a client that has its share. */
  accept(socket: Socket): void {
    // A peer that resets its connection wants nothing more.
    socket.on('error', () => socket.destroy());
    const client = socket.remoteAddress ?? '';
    if (this.#shares.isFullFor(client)) this.#closeQuietest();
    const release = this.#shares.take(client);
    if (!release) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, {
      clock: this.#clock,
      limits: this.#limits,
      answer: (question) => this.#answer(question, client),
      asked: () => {
        if (this.#open.delete(connection)) this.#open.set(connection, release);
      },
    });
    this.#open.set(connection, release);
    socket.once('close', () => this.#forget(connection));
    connection.start();
  }

  closeAll(): void {
    for (const connection of this.#open.keys()) connection.close();
  }

  #closeQuietest(): void {
    const [quietest] = this.#open.keys();
    if (!quietest) return;
    quietest.close();
    this.#forget(quietest);
  }

  #forget(connection: Connection): void {
    this.#open.get(connection)?.();
    this.#open.delete(connection);
  }
}

interface ConnectionPorts {
  clock: Clock;
  limits: TcpLimits;
  answer: (question: Buffer) => Promise<Buffer | undefined>;
  /** A whole question has come. */
  asked: () => void;
}

class Connection {
  readonly #socket: Socket;
  readonly #ports: ConnectionPorts;
  #received: Buffer = Buffer.alloc(0);
  #inFlight = 0;
  #idle: Timer | undefined;
  #hasEnded = false;

  constructor(socket: Socket, ports: ConnectionPorts) {
    this.#socket = socket;
    this.#ports = ports;
  }

  start(): void {
    this.#socket.on('readable', () => this.#read());
    this.#socket.on('drain', () => {
      this.#restartIdle();
      this.#goOn();
    });
    this.#socket.once('end', () => {
      this.#hasEnded = true;
      this.#goOn();
    });
    this.#socket.once('close', () => this.#idle?.cancel());
    this.#restartIdle();
  }

  close(): void {
    this.#socket.destroy();
  }

  get #mayRead(): boolean {
    const { destroyed, writableNeedDrain, bytesWritten } = this.#socket;
    const { questionsInFlightMax, answerBytesMax } = this.#ports.limits;
    return !destroyed && !writableNeedDrain && this.#inFlight < questionsInFlightMax && bytesWritten < answerBytesMax;
  }

  /** What is not read here waits at the peer, by TCP's own means. */
  #read(): void {
    while (this.#mayRead) {
      const question = this.#nextQuestion();
      if (!question) return;
      this.#ports.asked();
      this.#restartIdle();
      this.#inFlight++;
      void this.#answer(question);
    }
  }

  /** Undefined until one has come as a whole. */
  #nextQuestion(): Buffer | undefined {
    for (;;) {
      if (this.#received.length >= lengthBytes) {
        const length = this.#received.readUInt16BE(0);
        if (length > this.#ports.limits.questionBytesMax) {
          this.close();
          return undefined;
        }
        if (this.#received.length >= lengthBytes + length) {
          const question = this.#received.subarray(lengthBytes, lengthBytes + length);
          this.#received = this.#received.subarray(lengthBytes + length);
          return question;
        }
      }
      const chunk: Buffer | null = this.#socket.read();
      if (chunk === null) return undefined;
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    }
  }

  async #answer(question: Buffer): Promise<void> {
    const reply = await this.#ports.answer(question);
    this.#inFlight--;
    if (this.#socket.destroyed) return;
    if (reply) {
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt16BE(reply.length);
      this.#socket.write(Buffer.concat([length, reply]));
    }
    this.#restartIdle();
    this.#goOn();
  }

  /** Reads what may be read. A peer that asks no more, or may not, still gets what it has asked. */
  #goOn(): void {
    this.#read();
    const { writableNeedDrain, bytesWritten, destroyed } = this.#socket;
    const isFull = bytesWritten >= this.#ports.limits.answerBytesMax;
    if (destroyed || this.#inFlight > 0 || writableNeedDrain || !(this.#hasEnded || isFull)) return;
    // Not destroyed, which would take back answers on their way if questions lie unread: the peer ends it, or the idle time.
    this.#socket.end();
  }

  #restartIdle(): void {
    this.#idle?.cancel();
    this.#idle = this.#ports.clock.after(this.#ports.limits.idleMs, () => this.close());
  }
}
