// What etcd, or what stands in its place, may answer: nothing of it may reach the process, and each caller gets its answer.
import { EventEmitter } from 'node:events';
import { silentLogger, systemClock, systemRandom } from '@berth/telemetry';
import type { Etcd3 } from 'etcd3';
import { expect, test } from 'vitest';
import { StoreUnavailableError, type Transaction } from '../store.ts';
import { WatchQueue } from '../watch-queue.ts';
import { EtcdWatch } from './etcd-watch.ts';
import { Layout } from './layout.ts';
import { OwnWrites } from './own-writes.ts';
import { Writer } from './writer.ts';

const layout = new Layout('/berth');
const unavailable = (error: unknown) => new StoreUnavailableError(`odd: ${(error as Error).message}`);
const put = (key: string): Transaction => ({ compare: [], writes: [{ type: 'put', key, value: new Uint8Array([1]) }] });

test('writes whose answer cannot be read fail, each of them, and are not tried again', async () => {
  let asked = 0;
  const txn = async () => {
    asked++;
    return { header: { revision: '7' } };
  };
  const writer = new Writer({ kv: { txn } } as unknown as Etcd3, layout, systemClock, unavailable);
  const outcomes = await Promise.allSettled([writer.transact(put('/a')), writer.transact(put('/b'))]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailableError) });
  expect(asked).toBe(1);
});

test('a watch goes on with the response that could not be read, not behind it', async () => {
  const streams: EventEmitter[] = [];
  const starts: unknown[] = [];
  const watch = async () => {
    const stream = Object.assign(new EventEmitter(), {
      cancel: () => undefined,
      write: (request: { create_request: { start_revision?: number } }) => starts.push(request.create_request.start_revision),
    });
    streams.push(stream);
    return stream;
  };
  const stopping = new AbortController();
  const queue = new WatchQueue(() => stopping.abort());
  const clock = { ...systemClock, sleep: async () => undefined };
  const client = { watchClient: { watch } } as unknown as Etcd3;
  const parts = { client, layout, ownWrites: new OwnWrites(), clock, random: systemRandom, logger: silentLogger, queue };
  const over = new EtcdWatch({ ...parts, options: { start: '/', end: '0' }, signal: stopping.signal }).run();
  const turn = () => new Promise(setImmediate);
  await turn();
  const response = { compact_revision: '0', canceled: false, created: false, events: [], header: { revision: '10' } };
  streams[0]?.emit('data', { ...response, created: true });
  // Nothing of its event says what it is; another one follows in the same turn.
  streams[0]?.emit('data', { ...response, header: { revision: '11' }, events: [{ type: 'Put', kv: { mod_revision: '11' } }] });
  streams[0]?.emit('data', { ...response, header: { revision: '12' } });
  await turn();
  expect(starts).toEqual([undefined, 11]);
  queue.close();
  streams[1]?.emit('error', new Error('cancelled'));
  await over;
});
