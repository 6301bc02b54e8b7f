// Asks name servers elsewhere what is none of the cluster's names: one after the other, the one first that answered last.
// A question goes the way it came, so that who asks again over TCP gets what was too long for UDP. Nothing here throws: a server that
// cannot be reached has not answered. How many questions are out at once is the name server's to bound.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '@berth/telemetry';
import { isReplyTo, rcodeOf, rcodes } from './messages.ts';

export type Wire = 'udp' | 'tcp';

const timeoutMs = 2_000;
const defaultPort = 53;
/** For one question; as many as resolvers heed (resolv.conf(5)). Where none of these answers, the next question is for those behind them. */
const triesMax = 3;
/** Another server may do better. */
const unhelpful: number[] = [rcodes.servfail, rcodes.notimp, rcodes.refused];

interface Server {
  address: string;
  port: number;
}

type Finish = (reply: Buffer | undefined) => void;

/** Begins to ask. @returns how to end it */
type Attempt = (server: Server, query: Buffer, finish: Finish) => () => void;

export class Upstream {
  #servers: Server[];
  readonly #clock: Clock;

  /** @param servers addresses, with ports or without: `10.0.0.1`, `10.0.0.1:5353`, `[2001:db8::1]:53` */
  constructor(servers: string[], clock: Clock, port = defaultPort) {
    this.#servers = servers.map((text) => serverOf(text, port));
    this.#clock = clock;
  }

  /** The first answer, byte for byte; one that refuses only when nobody has a better one. Undefined when nobody answers in time. */
  async ask(query: Buffer, wire: Wire): Promise<Buffer | undefined> {
    let second: Buffer | undefined;
    const tried = this.#servers.slice(0, triesMax);
    for (const server of tried) {
      const reply = await this.#askOne(server, query, wire === 'udp' ? overUdp : overTcp);
      if (reply && !unhelpful.includes(rcodeOf(reply))) {
        this.#prefer(server);
        return reply;
      }
      second ??= reply;
    }
    if (!second) this.#servers = [...this.#servers.filter((server) => !tried.includes(server)), ...tried];
    return second;
  }

  /** A server that does not answer costs its time once, not with every question. */
  #prefer(server: Server): void {
    if (this.#servers[0] !== server) this.#servers = [server, ...this.#servers.filter((other) => other !== server)];
  }

  #askOne(server: Server, query: Buffer, attempt: Attempt): Promise<Buffer | undefined> {
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
      const end = attempt(server, query, finish);
    });
  }
}

function serverOf(text: string, defaultPort: number): Server {
  const [, v6, other, port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const address = v6 ?? other;
  return address === undefined ? { address: text, port: defaultPort } : { address, port: Number(port) };
}

const overUdp: Attempt = ({ address, port }, query, finish) => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => finish(undefined));
  socket.on('message', (reply) => {
    if (isReplyTo(reply, query)) finish(reply);
  });
  // No callback: it would be given the error of a network that cannot be reached, instead of the listener.
  socket.once('connect', () => socket.send(query));
  socket.connect(port, address);
  return () => socket.close();
};

const overTcp: Attempt = ({ address, port }, query, finish) => {
  const socket = connect(port, address);
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
