// What far sides of a proxy may answer that no server should: made from a seed, so that a failure can be had again.
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Random } from '@berth/telemetry';

export interface OddAnswer {
  name: string;
  /** What the far side does once it has read a request's head. */
  play(socket: Socket): void;
  /** The client has to leave, as the far side does not. */
  isHeld?: boolean;
}

const statuses = [
  '',
  '0',
  '000',
  '042',
  '099',
  '100',
  '101',
  '102',
  '103',
  '199',
  '200',
  '204',
  '206',
  '304',
  '404',
  '418',
  '503',
  '599',
  '600',
  '999',
  '1000',
  '99999',
  '-1',
  '2x0',
];
const bodies: Record<string, string> = {
  sized: 'Content-Length: 11\r\n\r\nhello world',
  chunked: 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
  page: 'Content-Type: text/html\r\nContent-Length: 24\r\n\r\n<a href="/there">x</a>\r\n',
  until: 'Connection: close\r\n\r\nhello world',
};
const badBodies = [
  'Content-Length: -5\r\n\r\nhello',
  'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
  'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'Content-Length: 99999999999999999999\r\n\r\nhello',
  'Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello',
  'Transfer-Encoding: chunked\r\n\r\n5\r\nhello world\r\n0\r\n\r\n',
  'Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'Content-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello',
  'Content-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n',
  'Content-Type: text/html\r\nContent-Length: 9\r\n\r\n<a href="',
  'X-Zero: a\0b\r\nContent-Length: 0\r\n\r\n',
  'X-Bell: \x07\x1b[31m\r\nContent-Length: 0\r\n\r\n',
  'X-Latin: \xe9\xff\r\nContent-Length: 0\r\n\r\n',
  'No colon\r\n\r\n',
  ': no name\r\n\r\n',
  'Location: \xff//[::1\r\nContent-Length: 0\r\n\r\n',
  'Location: /a/../../../b\r\nContent-Length: 0\r\n\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx: y\r\n\r\n',
];

function sent(name: string, text: string | Buffer, then: 'end' | 'hold' | 'reset'): OddAnswer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  const play = (socket: Socket) => {
    if (then === 'end') socket.end(bytes);
    else socket.write(bytes, () => then === 'reset' && socket.resetAndDestroy());
  };
  return { name: `${name}, then ${then}`, play, ...(then === 'hold' && { isHeld: true }) };
}

/** Headers, or informational answers, without an end. */
function endless(name: string, piece: string): OddAnswer {
  const play = (socket: Socket) => {
    const more = () => {
      if (!socket.destroyed) socket.write(piece, () => setImmediate(more));
    };
    socket.write('HTTP/1.1 200 OK\r\n', more);
  };
  return { name, play, isHeld: true };
}

function dripped(text: string): OddAnswer {
  const play = (socket: Socket) => {
    const bytes = [...text];
    const next = () => {
      const byte = bytes.shift();
      if (socket.destroyed) return;
      if (byte === undefined) socket.end();
      else socket.write(byte, () => setImmediate(next));
    };
    next();
  };
  return { name: `dripped ${JSON.stringify(text.slice(0, 20))}`, play };
}

/** @param count of answers, every kind among them */
export function oddAnswers(random: Random, count: number): OddAnswer[] {
  const ends = ['end', 'hold', 'reset'] as const;
  const pick = <T>(items: readonly T[]): T => items[random.int(items.length)] as T;
  const whole = () => `HTTP/1.1 ${pick(statuses)} Whatever\r\n${pick(Object.values(bodies))}`;
  const makers: (() => OddAnswer)[] = [
    () => sent('nothing', '', pick(ends)),
    () => sent('garbage', Buffer.from(Array.from({ length: 1 + random.int(400) }, () => random.int(256))), pick(ends)),
    () => sent('a status', `HTTP/1.1 ${pick(statuses)} Whatever\r\n${pick(Object.values(bodies))}`, pick(ends)),
    () => sent('several answers', whole() + whole() + whole(), pick(ends)),
    () => {
      const text = `HTTP/1.1 ${pick(['200', '101', '404'])} OK\r\n${pick(Object.values(bodies))}`;
      const at = random.int(text.length);
      return sent(`cut at ${at}`, text.slice(0, at), pick(ends));
    },
    () => sent('a bad body', `HTTP/1.1 ${pick(['200', '101', '302', '501'])} OK\r\n${pick(badBodies)}`, pick(ends)),
    () =>
      sent(
        'another protocol',
        pick([
          'SSH-2.0-x\r\n',
          'HTTP/0.9 200 OK\r\n\r\n',
          'HTTP/2.0 200 OK\r\n\r\n',
          '\x16\x03\x01\x02\0\x01',
          '<html>',
          'HTTP/1.1\r\n\r\n',
        ]),
        pick(ends),
      ),
    () =>
      sent(
        'a packed page',
        Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n'),
          gzipSync('<a href="/x">'.repeat(99)).subarray(0, 20 + random.int(40)),
        ]),
        pick(ends),
      ),
    () =>
      pick([
        endless('endless headers', `x-${'y'.repeat(900)}: z\r\n`),
        endless('an endless header', 'z'.repeat(1000)),
        endless('an endless body', `\r\n${'z'.repeat(1000)}`),
      ]),
    () => endless('endless information', 'Content-Length: 0\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n'),
    () => dripped(`HTTP/1.1 200 OK\r\n${pick(Object.values(bodies))}`),
  ];
  return Array.from({ length: count }, (_, index) => (makers[index % makers.length] as () => OddAnswer)());
}
