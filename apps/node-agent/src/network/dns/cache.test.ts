import { SimulatedClock } from '@berth/telemetry/testing';
import dnsPacket, { type Answer, type Packet, type RecordType } from 'dns-packet';
import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import { DnsCache } from './cache.ts';
import { rcodes } from './messages.ts';

let clock: SimulatedClock;
let cache: DnsCache;

beforeEach(() => {
  clock = new SimulatedClock();
  cache = new DnsCache(clock);
});

const query = (name: string, more: Partial<Packet> = {}, type: RecordType = 'A') =>
  dnsPacket.encode({ type: 'query', id: 7, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type, name }], ...more });
const reply = (name: string, answers: Answer[], { rcode = 0, ...more }: Partial<Packet> & { rcode?: number } = {}) =>
  dnsPacket.encode({ type: 'response', id: 7, flags: rcode, questions: [{ type: 'A', name }], answers, ...more });
const address = (name: string, ttl: number, data = '198.51.100.7'): Answer => ({ type: 'A', name, ttl, data });
const soa = (ttl: number, minimum: number): Answer => ({
  type: 'SOA',
  name: 'example',
  ttl,
  data: { mname: 'ns.example', rname: 'admin.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});
const edns = (udpPayloadSize: number, options: never[] | object[] = []) =>
  ({ type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options }) as unknown as Answer;

const answersOf = (found: { reply: Buffer } | undefined) => found && dnsPacket.decode(found.reply).answers;

it('passes an answer on for as long as it says, and says how long is left', async () => {
  cache.put(query('far.example'), reply('far.example', [address('far.example', 20)]));
  await clock.advance(5_400);
  const found = cache.get(query('FAR.example', { id: 99 }), 'udp');
  expect(found?.kept).toBe('success');
  const packet = dnsPacket.decode(found?.reply ?? Buffer.alloc(0));
  expect([packet.id, packet.questions?.[0]?.name]).toEqual([99, 'FAR.example']);
  expect(packet.answers).toMatchObject([{ ttl: 15, data: '198.51.100.7' }]);
  await clock.advance(14_600);
  expect(cache.get(query('far.example'), 'udp')).toBeUndefined();
  expect(cache.counts).toEqual({ success: 0, denial: 0 });
});

it('keeps nothing for longer than half a minute', async () => {
  cache.put(query('far.example'), reply('far.example', [address('far.example', 86_400)]));
  await clock.advance(29_999);
  expect(answersOf(cache.get(query('far.example'), 'udp'))).toMatchObject([{ ttl: 86_371 }]);
  await clock.advance(1);
  expect(cache.get(query('far.example'), 'udp')).toBeUndefined();
});

it('keeps that a name, or a record of it, does not exist, for as long as the zone says', async () => {
  cache.put(query('no.example'), reply('no.example', [], { rcode: rcodes.nxdomain, authorities: [soa(300, 10)] }));
  cache.put(query('far.example'), reply('far.example', [], { authorities: [soa(5, 300)] }));
  await clock.advance(4_000);
  expect(cache.get(query('no.example'), 'udp')?.kept).toBe('denial');
  expect(cache.get(query('far.example'), 'udp')?.kept).toBe('denial');
  await clock.advance(2_000);
  expect(cache.get(query('far.example'), 'udp')).toBeUndefined();
  expect(cache.get(query('no.example'), 'udp')?.kept).toBe('denial');
  await clock.advance(4_000);
  expect(cache.get(query('no.example'), 'udp')).toBeUndefined();
});

it.each<[string, Buffer]>([
  ['whose time is up at once', reply('a.example', [address('a.example', 0)])],
  ['that was cut short', reply('a.example', [address('a.example', 9)], { flags: dnsPacket.TRUNCATED_RESPONSE })],
  ['that says that the server failed', reply('a.example', [], { rcode: rcodes.servfail, authorities: [soa(9, 9)] })],
  ['that denies without saying for how long', reply('a.example', [], { rcode: rcodes.nxdomain })],
  ['to another question', reply('another.example', [address('another.example', 9)])],
  ['that is no message', Buffer.from('garbage')],
])('keeps no answer %s', (_what, bytes) => {
  cache.put(query('a.example'), bytes);
  expect(cache.get(query('a.example'), 'tcp')).toBeUndefined();
});

it('gives answers only to those who asked the same', () => {
  cache.put(query('a.example'), reply('a.example', [address('a.example', 9)]));
  expect(cache.get(query('a.example', {}, 'AAAA'), 'udp')).toBeUndefined();
  expect(cache.get(query('a.example', { flags: 0 }), 'udp')).toBeUndefined();
  expect(cache.get(query('a.example', { additionals: [edns(4096)] }), 'udp')).toBeUndefined();
  const cookie = { code: 10, data: Buffer.alloc(8) };
  const own = query('b.example', { additionals: [edns(4096, [cookie])] });
  cache.put(own, reply('b.example', [address('b.example', 9)]));
  expect(cache.get(own, 'udp')).toBeUndefined();
});

it('leaves what is too long for a client over UDP to those who can take it', () => {
  const many = Array.from({ length: 60 }, (_, index) => address('a.example', 9, `198.51.100.${index + 1}`));
  cache.put(query('a.example'), reply('a.example', many));
  expect(cache.get(query('a.example'), 'udp')).toBeUndefined();
  expect(answersOf(cache.get(query('a.example'), 'tcp'))).toHaveLength(60);
});

it('is bounded in bytes, and forgets first what was asked for longest ago', () => {
  cache = new DnsCache(clock, 3_000);
  for (let index = 0; index < 40; index++) {
    cache.put(query(`${index}.example`), reply(`${index}.example`, [address(`${index}.example`, 20)]));
    expect(cache.get(query('0.example'), 'udp'), `after ${index}`).toBeDefined();
  }
  expect(cache.counts.success).toBeLessThan(12);
  expect(cache.get(query('1.example'), 'udp')).toBeUndefined();
});

it('takes whatever bytes come', () => {
  const good = reply('a.example', [address('a.example', 9), soa(9, 9)], { additionals: [edns(512)] });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(good.length), (changes, length) => {
      const bytes = Buffer.from(good);
      for (const [at, byte] of changes) bytes[at] = byte;
      cache.put(query('a.example'), bytes.subarray(0, length));
      cache.put(bytes.subarray(0, length), good);
      const found = cache.get(query('a.example'), 'tcp');
      expect(found === undefined || found.reply.length <= good.length).toBe(true);
      cache.get(bytes.subarray(0, length), 'udp');
    }),
    { numRuns: 500 },
  );
});
