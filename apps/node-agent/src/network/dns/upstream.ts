// Asks this machine's own name servers what is none of the cluster's names: one after the other, and at most so many at once.
// A question goes the way it came, so that who asks again over TCP gets what was too long for UDP. Nothing here throws: a server that
// cannot be reached has not answered.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '@berth/telemetry';

export type Wire = 'udp' | 'tcp';

const timeoutMs = 2_000;
const inFlightMax = 500;
const defaultPort = 53;

type Finish = (reply: Buffer | undefined) => void;

/** Begins to ask. @returns how to end it */
type Attempt = (server: string, port: number, query: Buffer, finish: Finish) => () => void;

export class Upstream {
  readonly #servers: string[];
  readonly #clock: Clock;
  readonly #port: number;
  #inFlight = 0;

  constructor(servers: string[], clock: Clock, port = defaultPort) {
    this.#servers = servers;
    this.#clock = clock;
    this.#port = port;
  }

  /** The first answer, byte for byte. Undefined when nobody answers in time. */
  async ask(query: Buffer, wire: Wire): Promise<Buffer | undefined> {
    if (this.#inFlight >= inFlightMax) return undefined;
    this.#inFlight++;
    try {
      for (const server of this.#servers) {
        const reply = await this.#askOne(server, query, wire === 'udp' ? overUdp : overTcp);
        if (reply) return reply;
      }
      return undefined;
    } finally {
      this.#inFlight--;
    }
  }

  #askOne(server: string, query: Buffer, attempt: Attempt): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      let isOver = false;
      const finish: Finish = (reply) => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        end();
        resolve(reply);
      };
      const timer = this.#clock.after(timeoutMs, () => finish(undefined));
      const end = attempt(server, this.#port, query, finish);
    });
  }
}

const overUdp: Attempt = (server, port, query, finish) => {
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => finish(undefined));
  socket.on('message', (reply) => {
    if (answers(reply, query)) finish(reply);
  });
  // No callback: it would be given the error of a network that cannot be reached, instead of the listener.
  socket.once('connect', () => socket.send(query));
  socket.connect(port, server);
  return () => socket.close();
};

const overTcp: Attempt = (server, port, query, finish) => {
  const socket = connect(port, server);
  let received = Buffer.alloc(0);
  socket.on('error', () => finish(undefined));
  socket.on('close', () => finish(undefined));
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 2) return;
    const end = 2 + received.readUInt16BE(0);
    if (received.length < end) return;
    const reply = received.subarray(2, end);
    finish(answers(reply, query) ? reply : undefined);
  });
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  socket.write(Buffer.concat([length, query]));
  return () => socket.destroy();
};

function answers(reply: Buffer, query: Buffer): boolean {
  return reply.length >= 2 && reply.readUInt16BE(0) === query.readUInt16BE(0);
}
