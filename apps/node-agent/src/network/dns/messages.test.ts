import dnsPacket, { type Packet } from 'dns-packet';
import { expect, test } from 'vitest';
import { isReplyTo, rcodes, refusal, refused } from './messages.ts';

const question = { type: 'A', name: 'web.default.svc.cluster.local' } as const;
const query = (more: Packet = {}) => dnsPacket.encode({ type: 'query', id: 7, questions: [question], ...more });
const reply = (more: Packet = {}) => dnsPacket.encode({ type: 'response', id: 7, questions: [question], ...more });

test('a question is looked at; more than one, another operation and a load of records are refused', () => {
  expect(refusal(query())).toBe(0);
  expect(refusal(query({ questions: [question, question] }))).toBe(rcodes.formerr);
  expect(refusal(query({ questions: [] }))).toBe(rcodes.formerr);
  expect(refusal(query({ answers: Array.from({ length: 5 }, () => ({ type: 'A', name: 'a', data: '1.2.3.4' }) as const) }))).toBe(
    rcodes.formerr,
  );
  const update = query();
  update.writeUInt16BE(5 << 11, 2);
  expect(refusal(update)).toBe(rcodes.notimp);
});

test('an answer, and what is too short, are no question', () => {
  expect(refusal(reply())).toBeUndefined();
  expect(refusal(Buffer.alloc(11))).toBeUndefined();
});

test('a refusal is a response of the same number', () => {
  expect(dnsPacket.decode(refused(query({ flags: dnsPacket.RECURSION_DESIRED }), rcodes.notimp))).toMatchObject({
    id: 7,
    type: 'response',
    rcode: 'NOTIMP',
    flag_rd: true,
    questions: [],
  });
});

test('a reply is one to this question, in whatever letters', () => {
  const name = 'WEB.default.svc.cluster.LOCAL';
  expect(isReplyTo(reply(), query())).toBe(true);
  expect(isReplyTo(reply({ questions: [{ ...question, name }] }), query())).toBe(true);
  expect(isReplyTo(reply({ id: 8 }), query())).toBe(false);
  expect(isReplyTo(reply({ questions: [{ ...question, name: 'other.default.svc.cluster.local' }] }), query())).toBe(false);
  expect(isReplyTo(reply({ questions: [{ ...question, type: 'AAAA' }] }), query())).toBe(false);
  // A server that only sends back what it gets.
  expect(isReplyTo(query(), query())).toBe(false);
  expect(isReplyTo(refused(query(), rcodes.formerr), query())).toBe(true);
  expect(isReplyTo(reply({ questions: [] }), query())).toBe(false);
});
