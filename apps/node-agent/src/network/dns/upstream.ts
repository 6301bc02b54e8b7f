// Asks this machine's own name servers what is none of the cluster's names: one after the other, and at most so many at once.
import { createSocket } from 'node:dgram';
import type { Clock } from '@berth/telemetry';

const timeoutMs = 2_000;
const inFlightMax = 500;
const port = 53;

export class Upstream {
  readonly #servers: string[];
  readonly #clock: Clock;
  #inFlight = 0;

  constructor(servers: string[], clock: Clock) {
    this.#servers = servers;
    this.#clock = clock;
  }

  /** The first answer, byte for byte. Undefined when nobody answers in time. */
  async ask(query: Buffer): Promise<Buffer | undefined> {
    if (this.#inFlight >= inFlightMax) return undefined;
    this.#inFlight++;
    try {
      for (const server of this.#servers) {
        const reply = await this.#askOne(server, query);
        if (reply) return reply;
      }
      return undefined;
    } finally {
      this.#inFlight--;
    }
  }

  #askOne(server: string, query: Buffer): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
      const finish = (reply: Buffer | undefined) => {
        timer.cancel();
        socket.close();
        resolve(reply);
      };
      const timer = this.#clock.after(timeoutMs, () => finish(undefined));
      // A server that cannot be reached has not answered.
      socket.once('error', () => finish(undefined));
      socket.on('message', (reply) => {
        if (reply.length >= 2 && reply.readUInt16BE(0) === query.readUInt16BE(0)) finish(reply);
      });
      socket.connect(port, server, () => socket.send(query));
    });
  }
}
