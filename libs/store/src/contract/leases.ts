// Leases: what is written under one goes with it.
import { expect, it } from 'vitest';
import { LeaseNotFoundError } from '../store.ts';
import { all, begin, commit, line, type OpenHarness, put, take, ttlSeconds } from './harness.ts';

export function leases(open: OpenHarness): void {
  it('deletes the keys of an expired lease', async () => {
    const { store, elapse } = await begin(open);
    const lease = await store.grantLease(ttlSeconds);
    await commit(store, put('/a', '1', lease));
    const from = (await commit(store, put('/b', '2'))) + 1;
    expect((await store.get('/a')).kv?.lease).toBe(lease);
    const watch = store.watch({ ...all, fromRevision: from });
    await elapse(ttlSeconds + 1);
    expect((await take(watch, 1)).map(line)).toEqual(['delete /a']);
    await expect(store.keepLeaseAlive(lease)).rejects.toThrow(LeaseNotFoundError);
    await expect(store.transact(put('/c', '', lease))).rejects.toThrow(LeaseNotFoundError);
    expect((await store.range(all)).kvs.map((kv) => kv.key)).toEqual(['/b']);
  });

  it('keeps what is kept alive, and what was written again without the lease', async () => {
    const { store, elapse } = await begin(open);
    const lease = await store.grantLease(ttlSeconds);
    const other = await store.grantLease(ttlSeconds);
    await commit(store, put('/kept', '', lease));
    await commit(store, put('/freed', '', other));
    await commit(store, put('/freed', 'without'));
    const from = (await commit(store, put('/ends', '', other))) + 1;
    const watch = store.watch({ ...all, fromRevision: from });
    for (let i = 0; i <= ttlSeconds; i++) {
      await elapse(1);
      await store.keepLeaseAlive(lease);
    }
    expect((await take(watch, 1)).map(line)).toEqual(['delete /ends']);
    expect((await store.range(all)).kvs.map((kv) => kv.key)).toEqual(['/freed', '/kept']);
  });

  it('deletes the keys of a revoked lease', async () => {
    const { store } = await begin(open);
    const lease = await store.grantLease(60);
    await Promise.all(['/a', '/b', '/c'].map((key) => store.transact(put(key, '', lease))));
    await store.revokeLease(lease);
    expect((await store.range(all)).count).toBe(0);
    await expect(store.revokeLease(lease)).rejects.toThrow(LeaseNotFoundError);
    await expect(store.keepLeaseAlive('12345678')).rejects.toThrow(LeaseNotFoundError);
  });
}
