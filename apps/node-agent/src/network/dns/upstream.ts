// Asks this machine's own name servers what is none of the cluster's names: one after the other, the one first that answered last.
// A question goes the way it came, so that who asks again over TCP gets what was too long for UDP. Nothing here throws: a server that
// cannot be reached has not answered. How many questions are out at once is the name server's to bound.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '@berth/telemetry';
import { isReplyTo, rcodeOf, rcodes } from './messages.ts';

export type Wire = 'udp' | 'tcp';

const timeoutMs = 2_000;
const defaultPort = 53;
/** As many as resolvers heed (resolv.conf(5)). */
const serversMax = 3;
/** Another server may do better. */
const unhelpful: number[] = [rcodes.servfail, rcodes.notimp, rcodes.refused];

type Finish = (reply: Buffer | undefined) => void;

/** Begins to ask. @returns how to end it */
type Attempt = (server: string, port: number, query: Buffer, finish: Finish) => () => void;

export class Upstream {
  #servers: string[];
  readonly #clock: Clock;
  readonly #port: number;

  constructor(servers: string[], clock: Clock, port = defaultPort) {
    this.#servers = servers.slice(0, serversMax);
    this.#clock = clock;
    this.#port = port;
  }

  /** The first answer, byte for byte; one that refuses only when nobody has a better one. Undefined when nobody answers in time. */
  async ask(query: Buffer, wire: Wire): Promise<Buffer | undefined> {
    let second: Buffer | undefined;
    for (const server of this.#servers) {
      const reply = await this.#askOne(server, query, wire === 'udp' ? overUdp : overTcp);
      if (reply && !unhelpful.includes(rcodeOf(reply))) {
        this.#prefer(server);
        return reply;
      }
      second ??= reply;
    }
    return second;
  }

  /** A server that does not answer costs its time once, not with every question. */
  #prefer(server: string): void {
    if (this.#servers[0] !== server) this.#servers = [server, ...this.#servers.filter((other) => other !== server)];
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
    if (isReplyTo(reply, query)) finish(reply);
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
  // Bounded by what a length of two bytes can say: the first message ends the attempt.
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 2) return;
    const end = 2 + received.readUInt16BE(0);
    if (received.length < end) return;
    const reply = received.subarray(2, end);
    finish(isReplyTo(reply, query) ? reply : undefined);
  });
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  socket.write(Buffer.concat([length, query]));
  return () => socket.destroy();
};
