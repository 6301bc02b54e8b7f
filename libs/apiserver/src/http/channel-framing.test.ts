import { expect, test } from 'vitest';
import { channelFraming, commandSocketProtocols } from './channel-framing.ts';

test.each([...commandSocketProtocols, ''])('what %j frames, it reads', (protocol) => {
  const framing = channelFraming(protocol);
  for (const data of [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.from('hello, wörld')]) {
    const message = framing.encode(2, data);
    expect(typeof message).toBe(protocol.includes('base64') ? 'string' : 'object');
    expect(framing.decode(Buffer.from(message as string), typeof message !== 'string')).toEqual({ channel: 2, data });
  }
});

test('a digit and Base64 for clients of text, a byte for others', () => {
  expect(channelFraming('base64.channel.k8s.io').encode(1, Buffer.from('hi'))).toBe('1aGk=');
  expect(channelFraming('channel.k8s.io').encode(1, Buffer.from('hi'))).toEqual(Buffer.from('\x01hi'));
});

test('only the newer ones end with a Status', () => {
  expect([...commandSocketProtocols, ''].map((protocol) => channelFraming(protocol).endsWithStatus)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test.each(['', 'channel.k8s.io', 'base64.channel.k8s.io'])('an empty message of %j is none', (protocol) => {
  expect(channelFraming(protocol).decode(Buffer.alloc(0), true)).toBeUndefined();
});
