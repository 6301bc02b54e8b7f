// Answers of servers elsewhere, kept for as long as they say and no longer than half a minute, so that pods which look up the same names
// again and again do not wait for the network each time. Names that do not exist are kept as well (RFC 2308). Answers are passed on byte
// for byte, but for the number of the question, its spelling, and what is left of their time.
import type { Clock } from '@berth/telemetry';
import { rcodeOf, rcodes } from './messages.ts';
import { type MessageParts, partsOf, recordTypes } from './records.ts';
import type { Wire } from './upstream.ts';

/** As Kubernetes has its CoreDNS configured. */
const secondsMax = 30;
const bytesMaxByDefault = 4 * 2 ** 20;
/** Of an entry beside its bytes. */
const entryBytes = 256;
const udpBytesMin = 512;
const udpBytesCap = 4_096;
const [flagsAt, headBytes] = [2, 12];
const truncatedBit = 0x02_00;
/** Recursion desired, checking disabled: the answer may depend on them. */
const askedBits = 0x01_10;
const dnssecBit = 0x80_00;

export type Kept = 'success' | 'denial';

interface Entry {
  kept: Kept;
  reply: Buffer;
  /** Where the times to live are. */
  ttlsAt: number[];
  atMs: number;
  untilMs: number;
}

export class DnsCache {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #bytesMax: number;
  /** Those that were asked for last at the end. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(clock: Pick<Clock, 'monotonicMs'>, bytesMax = bytesMaxByDefault) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  get counts(): Record<Kept, number> {
    const counts = { success: 0, denial: 0 };
    for (const { kept } of this.#entries.values()) counts[kept]++;
    return counts;
  }

  /** @param query one that has been looked at. Undefined when nothing is kept that fits it. */
  get(query: Buffer, wire: Wire): { reply: Buffer; kept: Kept } | undefined {
    const asked = questionOf(query);
    const entry = asked && this.#entries.get(asked.key);
    if (!asked || !entry) return undefined;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= entry.untilMs) {
      this.#drop(asked.key, entry);
      return undefined;
    }
    if (wire === 'udp' && entry.reply.length > asked.udpBytesMax) return undefined;
    this.#entries.delete(asked.key);
    this.#entries.set(asked.key, entry);
    const reply = Buffer.from(entry.reply);
    query.copy(reply, 0, 0, flagsAt);
    query.copy(reply, headBytes, headBytes, asked.questionEnd);
    const passed = Math.floor((nowMs - entry.atMs) / 1000);
    for (const at of entry.ttlsAt) reply.writeUInt32BE(Math.max(0, reply.readUInt32BE(at) - passed), at);
    return { reply, kept: entry.kept };
  }

  /** @param reply to this query. What must not be kept is not. */
  put(query: Buffer, reply: Buffer): void {
    const asked = questionOf(query);
    const answered = asked && lifeOf(reply);
    if (!asked || !answered || answered.questionEnd !== asked.questionEnd) return;
    const old = this.#entries.get(asked.key);
    if (old) this.#drop(asked.key, old);
    const atMs = this.#clock.monotonicMs();
    const { kept, ttlsAt, seconds } = answered;
    const entry = { kept, ttlsAt, reply: Buffer.from(reply), atMs, untilMs: atMs + Math.min(seconds, secondsMax) * 1000 };
    this.#entries.set(asked.key, entry);
    this.#bytes += entry.reply.length + entryBytes;
    for (const [key, oldest] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#drop(key, oldest);
    }
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.reply.length + entryBytes;
  }
}

interface Asked {
  key: string;
  questionEnd: number;
  udpBytesMax: number;
}

/** Undefined for a query whose answer is for its asker alone: signed, or with options. */
function questionOf(query: Buffer): Asked | undefined {
  const parts = partsOf(query);
  if (!parts || parts.records.length > 1) return undefined;
  const [option] = parts.records;
  if (option && (option.type !== recordTypes.opt || option.dataEnd > option.dataAt)) return undefined;
  const flags = query.readUInt16BE(flagsAt) & askedBits;
  // The class of an OPT record is a size, and its time to live holds flags (RFC 6891).
  const edns = option ? 1 + (query.readUInt16BE(option.ttlAt + 2) & dnssecBit) : 0;
  const stated = option ? query.readUInt16BE(option.ttlAt - 2) : udpBytesMin;
  return {
    key: `${flags}/${edns}/${query.toString('latin1', headBytes, parts.questionEnd).toLowerCase()}`,
    questionEnd: parts.questionEnd,
    udpBytesMax: Math.min(udpBytesCap, Math.max(udpBytesMin, stated)),
  };
}

/** For how long an answer holds; undefined for one that must not be kept. */
function lifeOf(reply: Buffer): { kept: Kept; ttlsAt: number[]; seconds: number; questionEnd: number } | undefined {
  const parts = partsOf(reply);
  if (!parts || reply.readUInt16BE(flagsAt) & truncatedBit) return undefined;
  const rcode = rcodeOf(reply);
  if (rcode !== 0 && rcode !== rcodes.nxdomain) return undefined;
  const timed = parts.records.filter(({ type }) => type !== recordTypes.opt);
  const isDenial = rcode === rcodes.nxdomain || !parts.records.some(({ section }) => section === 'answer');
  const seconds = isDenial ? denialSeconds(reply, parts) : Math.min(...timed.map(({ ttlAt }) => reply.readUInt32BE(ttlAt)));
  if (seconds === undefined || seconds === 0) return undefined;
  return { kept: isDenial ? 'denial' : 'success', ttlsAt: timed.map(({ ttlAt }) => ttlAt), seconds, questionEnd: parts.questionEnd };
}

/** RFC 2308, 5: the less of the SOA record's time to live and its last field; without one, a denial is not kept. */
function denialSeconds(reply: Buffer, { records }: MessageParts): number | undefined {
  const soa = records.find(({ section, type }) => section === 'authority' && type === recordTypes.soa);
  if (!soa || soa.dataEnd - soa.dataAt < 20) return undefined;
  return Math.min(reply.readUInt32BE(soa.ttlAt), reply.readUInt32BE(soa.dataEnd - 4));
}
