// The cluster's name server on this node, over UDP and TCP. Packets that are no question are dropped; whatever else goes wrong
// is a SERVFAIL, so that resolvers ask again instead of waiting. What one client can make it hold and forward at once is bounded.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import type { Clock, Logger } from '@berth/telemetry';
import dnsPacket, { type Answer, type DecodedPacket, type Packet, type Question } from 'dns-packet';
import { answer, type Reply } from './answers.ts';
import { DnsCache, type Kept } from './cache.ts';
import { ClientLimit } from './client-limit.ts';
import { rcodeBits, rcodeOf, rcodes, refusal, refused } from './messages.ts';
import { partsOf } from './records.ts';
import { defaultTcpLimits, TcpConnections, type TcpLimits } from './tcp-connections.ts';
import type { Upstream, Wire } from './upstream.ts';
import type { Zone } from './zone.ts';

const udpBytesMax = 512;
const udpBytesCap = 4_096;
/** What a length of two bytes can say. */
const tcpBytesMax = 65_535;
/** Answers that the kernel has not taken yet; UDP may lose what is beyond. */
const udpSendBytesMax = 1024 * 1024;
/** Questions that wait for servers elsewhere. */
const forwardsMax = 1_000;
const forwardsPerClientMax = 100;
const warningsEveryMs = 10_000;
/** No question comes near this. */
const queryBytesMax = 4_096;
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
  upstream: Pick<Upstream, 'ask'>;
  /** Whether a name is for the servers elsewhere, though it is below the cluster's domain. */
  isDelegated?(name: string): boolean;
  clock: Clock;
  logger: Logger;
  tcpLimits?: TcpLimits;
  observer?: DnsObserver;
}

/** Who counts what is asked. */
export interface DnsObserver {
  /** @param counts how many answers of servers elsewhere are kept now */
  keeps(counts: () => Record<Kept, number>): void;
  /** @param about the number of the question's type, undefined for what could not be read; sizes in bytes */
  answered(about: { wire: Wire; type: number | undefined; queryBytes: number; replyBytes: number; rcode: number; seconds: number }): void;
  /** What was asked of servers elsewhere, and whether the answer was kept here. */
  lookedUp(kept: Kept | undefined): void;
  /** @param rcode undefined when nobody answered */
  forwarded(rcode: number | undefined, seconds: number): void;
  /** What the cluster says of servers elsewhere cannot be followed. */
  refusedSettings(): void;
}

export class DnsServer {
  readonly #options: DnsServerOptions;
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  readonly #connections: TcpConnections;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #unsaid = 0;
  readonly #forwards = new ClientLimit(forwardsPerClientMax, forwardsMax);
  #cache: DnsCache;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#cache = new DnsCache(options.clock);
    options.observer?.keeps(() => this.#cache.counts);
    const { clock, tcpLimits = defaultTcpLimits } = options;
    this.#connections = new TcpConnections(clock, (question, client) => this.#reply(question, 'tcp', client), tcpLimits);
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

  /** From now on servers elsewhere are asked anew; what is on its way from them is answered, and not kept. */
  forget(): void {
    this.#cache = new DnsCache(this.#options.clock);
  }

  /** Safe to repeat. Who still waits for an answer asks again elsewhere. */
  async stop(): Promise<void> {
    this.#connections.closeAll();
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    if (udp) await new Promise<void>((resolve) => udp.close(() => resolve()));
    if (tcp) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    const { address, port } = this.#options;
    const udp = createSocket('udp4');
    // Half open: who has asked for the last time still reads.
    const tcp = createServer({ allowHalfOpen: true }, (socket) => this.#connections.accept(socket));
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
    udp.on('error', (error) => this.#warn('the name server could not answer', { error }));
    tcp.on('error', (error) => this.#warn('the name server could not accept a connection', { error }));
    udp.on('message', (query, peer) => void this.#answerUdp(query, peer));
  }

  async #answerUdp(query: Buffer, { address, port }: RemoteInfo): Promise<void> {
    // Nothing can be sent to port 0, and who forges it wants no answer.
    if (port === 0) return;
    const reply = await this.#reply(query, 'udp', address);
    const udp = this.#udp;
    if (reply && udp && udp.getSendQueueSize() < udpSendBytesMax) udp.send(reply, port, address);
  }

  async #reply(query: Buffer, wire: Wire, client: string): Promise<Buffer | undefined> {
    const { clock, observer } = this.#options;
    const startedMs = clock.monotonicMs();
    const reply = await this.#answered(query, wire, client);
    if (!reply || !observer) return reply;
    const end = partsOf(query)?.questionEnd;
    const type = end === undefined ? undefined : query.readUInt16BE(end - 4);
    const seconds = (clock.monotonicMs() - startedMs) / 1000;
    observer.answered({ wire, type, queryBytes: query.length, replyBytes: reply.length, rcode: rcodeOf(reply), seconds });
    return reply;
  }

  /** Never throws, whatever comes. */
  async #answered(query: Buffer, wire: Wire, client: string): Promise<Buffer | undefined> {
    const refusedAs = query.length > queryBytesMax ? undefined : refusal(query);
    if (refusedAs === undefined) return undefined;
    if (refusedAs !== 0) return refused(query, refusedAs);
    const packet = decoded(query);
    const question = packet?.questions?.[0];
    if (!packet || !question) return refused(query, rcodes.formerr);
    try {
      const own = this.#own(question);
      if (!own) return (await this.#forward(query, wire, client)) ?? encoded(packet, question, [], rcodes.servfail);
      const { rcode, answers } = await this.#followed(own, question, packet.id ?? 0, client);
      const reply = encoded(packet, question, answers, rcode);
      const limit = wire === 'udp' ? udpLimit(packet) : tcpBytesMax;
      return reply.length > limit ? shortened(packet, question, answers, rcode, limit, reply.length) : reply;
    } catch (error) {
      this.#warn('a name could not be answered', { name: question.name, error });
      return refused(query, rcodes.servfail);
    }
  }

  /** Undefined for what others are asked for. */
  #own(question: Question): Reply | undefined {
    const { zone, isDelegated } = this.#options;
    return isDelegated?.(question.name) ? undefined : answer(zone(), question);
  }

  /** At most one line in a while: what goes wrong here can be made to go wrong as often as a client likes. */
  #warn(message: string, fields: Record<string, unknown>): void {
    const { clock, logger } = this.#options;
    if (clock.monotonicMs() < this.#quietUntilMs) {
      this.#unsaid++;
      return;
    }
    this.#quietUntilMs = clock.monotonicMs() + warningsEveryMs;
    logger.warn(message, { ...fields, ...(this.#unsaid > 0 && { notLogged: this.#unsaid }) });
    this.#unsaid = 0;
  }

  /** From what is kept, or from others. Undefined when nobody answers, and when the client has as many questions out as it may. */
  async #forward(query: Buffer, wire: Wire, client: string): Promise<Buffer | undefined> {
    const { upstream, clock, observer } = this.#options;
    const cache = this.#cache;
    const known = cache.get(query, wire);
    observer?.lookedUp(known?.kept);
    if (known) return known.reply;
    const release = this.#forwards.take(client);
    if (!release) return undefined;
    const startedMs = clock.monotonicMs();
    try {
      const reply = await upstream.ask(query, wire);
      observer?.forwarded(reply && rcodeOf(reply), (clock.monotonicMs() - startedMs) / 1000);
      if (reply) cache.put(query, reply);
      return reply;
    } finally {
      release();
    }
  }

  /** Resolvers of pods do not follow aliases themselves: what an alias for elsewhere leads to comes with it. */
  async #followed(own: Reply, { type }: Question, id: number, client: string): Promise<{ rcode: number; answers: Answer[] }> {
    const rcode = own.rcode === 'NXDOMAIN' ? rcodes.nxdomain : 0;
    const last = own.answers.at(-1);
    if (last?.type !== 'CNAME' || type === 'CNAME' || this.#own({ name: last.data, type })) {
      return { rcode, answers: own.answers };
    }
    const onward = dnsPacket.encode({ id, type: 'query', flags: dnsPacket.RECURSION_DESIRED, questions: [{ name: last.data, type }] });
    const udp = decoded(await this.#forward(onward, 'udp', client));
    const found = udp?.flag_tc ? decoded(await this.#forward(onward, 'tcp', client)) : udp;
    if (!found) return { rcode: rcodes.servfail, answers: [] };
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
