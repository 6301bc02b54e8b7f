// Who wrote what, and when: kept beside every write, shown to watches of the past and of the present that ask for it.
import { expect, it } from 'vitest';
import { authorBytesMax, type StoreEvent } from '../store.ts';
import { all, begin, commit, line, type OpenHarness, put, remove, take } from './harness.ts';

const authored = (event: StoreEvent) => `${line(event)} by ${event.origin?.author ?? 'nobody'}`;
/** Of two clocks that are one, a store's and a test's. */
const isTime = (atMs: number | undefined) => atMs !== undefined && Number.isSafeInteger(atMs) && atMs > 0;

export function origins(open: OpenHarness): void {
  it('says of every write who wrote it, also of those made together, and after it was opened again', async () => {
    const harness = await begin(open);
    const { store } = harness;
    const watched = take(store.watch({ ...all, withOrigins: true }), 6);
    const first = await commit(store, { ...put('/a', '1'), author: 'ann' });
    await Promise.all(['bob', 'eve', 'ångström ☃'].map((author) => commit(store, { ...put(`/${author}`, author), author })));
    await commit(store, { ...remove('/a', '/bob'), author: 'dan' });
    const last = await commit(store, put('/z', ''));
    const expected = ['put /a=1 by ann', 'put /bob=bob by bob', 'put /eve=eve by eve', 'put /z= by nobody'];
    expected.push('put /ångström ☃=ångström ☃ by ångström ☃', 'delete /a by dan', 'delete /bob by dan');
    const isLast = ({ kv }: StoreEvent) => kv.key === '/z';
    const replayed = await take(store.watch({ ...all, fromRevision: first, withOrigins: true }), isLast);
    expect(replayed.map(authored).sort()).toEqual(expected.sort());
    expect((await watched).map(authored)).toEqual(replayed.slice(0, 6).map(authored));
    expect(replayed.every(({ origin }) => isTime(origin?.atMs))).toBe(true);
    const times = replayed.map(({ origin }) => origin?.atMs ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const again = await harness.reopen?.();
    if (!again) return;
    const kept = await take(again.watch({ ...all, fromRevision: first, withOrigins: true }), isLast);
    expect(kept.map(({ origin }) => origin)).toEqual(replayed.map(({ origin }) => origin));
    expect((await again.get('/z')).kv?.modRevision).toBe(last);
  });

  it('keeps no more of an author than it may', async () => {
    const { store } = await begin(open);
    const revision = await commit(store, { ...put('/a', 'value'), author: '☃'.repeat(authorBytesMax) });
    const [event] = await take(store.watch({ ...all, fromRevision: revision, withOrigins: true }), 1);
    const { author = '' } = event?.origin ?? {};
    expect(author.startsWith('☃☃☃')).toBe(true);
    expect(Buffer.byteLength(author)).toBeLessThanOrEqual(authorBytesMax);
    expect(event && line(event)).toBe('put /a=value');
  });
}
