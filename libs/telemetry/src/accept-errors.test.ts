import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { logAcceptErrors } from './accept-errors.ts';

test('a connection that cannot be accepted ends nothing, and is logged now and then', () => {
  const server = createServer();
  const logged: unknown[] = [];
  let nowMs = 0;
  logAcceptErrors(server, { clock: { monotonicMs: () => nowMs }, logger: { warn: (_message, fields) => logged.push(fields?.error) } });
  const failure = new Error('accept ENOBUFS');
  for (let count = 0; count < 100; count++) server.emit('error', failure);
  expect(logged).toEqual([failure]);
  nowMs = 10_000;
  server.emit('error', failure);
  expect(logged).toHaveLength(2);
});
