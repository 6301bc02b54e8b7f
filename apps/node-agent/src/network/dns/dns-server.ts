// The cluster's name server on this node, over UDP and TCP. Packets that are no question are dropped; whatever else goes wrong
// is a SERVFAIL, so that resolvers ask again instead of waiting.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '@berth/telemetry';
import dnsPacket, { type Answer, type DecodedPacket, type Packet, type Question } from 'dns-packet';
import { answer, type Reply } from './answers.ts';
import type { Upstream, Wire } from './upstream.ts';
import type { Zone } from './zone.ts';

const udpBytesMax = 512;
const udpBytesCap = 4_096;
/** What a length of two bytes can say. */
const tcpBytesMax = 65_535;
const tcpIdleMs = 10_000;
const tcpConnectionsMax = 200;
const servfail = 2;
const nxdomain = 3;
const rcodeBits = 15;
const edns: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: udpBytesCap,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

export interface DnsServerOptions {
  address: string;
  port: number;
  zone: () => Zone;
  upstream: Upstream;
  logger: Logger;
}

export class DnsServer {
  readonly #options: DnsServerOptions;
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  readonly #connections = new Set<Socket>();

  constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  /** @throws when the address or port cannot be had */
  async start(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Safe to repeat. Who still waits for an answer asks again elsewhere. */
  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    if (udp) await new Promise<void>((resolve) => udp.close(() => resolve()));
    if (tcp) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    const { address, port, logger } = this.#options;
    const udp = createSocket('udp4');
    const tcp = createServer((socket) => this.#serve(socket));
    tcp.maxConnections = tcpConnectionsMax;
    this.#udp = udp;
    this.#tcp = tcp;
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(port, address, resolve);
    });
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen(port, address, resolve);
    });
    for (const server of [udp, tcp]) server.removeAllListeners('error');
    udp.on('error', (error) => logger.warn('the name server could not answer', { error }));
    tcp.on('error', (error) => logger.warn('the name server could not accept a connection', { error }));
    udp.on('message', (query, peer) => void this.#answerUdp(query, peer));
  }

  async #answerUdp(query: Buffer, peer: RemoteInfo): Promise<void> {
    const reply = await this.#reply(query, 'udp');
    if (reply) this.#udp?.send(reply, peer.port, peer.address);
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket);
    let received = Buffer.alloc(0);
    socket.setTimeout(tcpIdleMs, () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    // A peer that resets its connection wants nothing more.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const query = received.subarray(2, end);
        received = received.subarray(end);
        void this.#reply(query, 'tcp').then((reply) => {
          if (!reply || socket.destroyed) return;
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          socket.write(Buffer.concat([length, reply]));
        });
      }
    });
  }

  async #reply(query: Buffer, wire: Wire): Promise<Buffer | undefined> {
    const packet = decoded(query);
    const question = packet?.questions?.[0];
    if (!packet || !question || packet.type !== 'query') return undefined;
    try {
      const own = answer(this.#options.zone(), question);
      if (!own) return (await this.#options.upstream.ask(query, wire)) ?? encoded(packet, question, [], servfail);
      const { rcode, answers } = await this.#followed(own, question, packet.id ?? 0);
      const reply = encoded(packet, question, answers, rcode);
      const limit = wire === 'udp' ? udpLimit(packet) : tcpBytesMax;
      return reply.length > limit ? shortened(packet, question, answers, rcode, limit, reply.length) : reply;
    } catch (error) {
      this.#options.logger.warn('a name could not be answered', { name: question.name, error });
      return encoded(packet, question, [], servfail);
    }
  }

  /** Resolvers of pods do not follow aliases themselves: what an alias for elsewhere leads to comes with it. */
  async #followed(own: Reply, { type }: Question, id: number): Promise<{ rcode: number; answers: Answer[] }> {
    const rcode = own.rcode === 'NXDOMAIN' ? nxdomain : 0;
    const last = own.answers.at(-1);
    if (last?.type !== 'CNAME' || type === 'CNAME' || answer(this.#options.zone(), { name: last.data, type })) {
      return { rcode, answers: own.answers };
    }
    const onward = dnsPacket.encode({ id, type: 'query', flags: dnsPacket.RECURSION_DESIRED, questions: [{ name: last.data, type }] });
    const udp = decoded(await this.#options.upstream.ask(onward, 'udp'));
    const found = udp?.flag_tc ? decoded(await this.#options.upstream.ask(onward, 'tcp')) : udp;
    if (!found) return { rcode: servfail, answers: [] };
    return { rcode: (found.flags ?? 0) & rcodeBits, answers: [...own.answers, ...(found.answers ?? [])] };
  }
}

/** Undefined for what is no DNS message. */
function decoded(message: Buffer | undefined): DecodedPacket | undefined {
  if (!message) return undefined;
  try {
    return dnsPacket.decode(message);
  } catch {
    return undefined;
  }
}

/** What the asker takes over UDP: 512 bytes, or what its EDNS record says (RFC 6891). */
function udpLimit({ additionals }: Packet): number {
  const option = additionals?.find((record) => record.type === 'OPT');
  const stated = option && 'udpPayloadSize' in option ? option.udpPayloadSize : udpBytesMax;
  return Math.min(udpBytesCap, Math.max(udpBytesMax, stated));
}

/** As many records as fit, as some resolvers never ask again over TCP. @param whole bytes of a reply with all of them */
function shortened(query: Packet, question: Question, answers: Answer[], rcode: number, limit: number, whole: number): Buffer {
  let count = Math.ceil((answers.length * limit) / whole);
  let reply = encoded(query, question, answers.slice(0, count), rcode, true);
  while (reply.length > limit && count > 0) reply = encoded(query, question, answers.slice(0, --count), rcode, true);
  return reply;
}

function encoded(query: Packet, question: Question, answers: Packet['answers'], rcode: number, isTruncated = false): Buffer {
  const { AUTHORITATIVE_ANSWER, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } = dnsPacket;
  const recursion = (query.flags ?? 0) & RECURSION_DESIRED;
  const flags = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | recursion | rcode | (isTruncated ? TRUNCATED_RESPONSE : 0);
  // Who asks with an EDNS record gets one back, or would take this server for one that knows none (RFC 6891).
  const additionals = query.additionals?.some((record) => record.type === 'OPT') ? [edns] : [];
  return dnsPacket.encode({ id: query.id ?? 0, type: 'response', flags, questions: [question], answers: answers ?? [], additionals });
}
