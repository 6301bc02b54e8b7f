// What must be there after a store was closed, or its process killed in the middle of commits.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import type { Store } from '../store.ts';
import { all, begin, commit, line, type OpenHarness, put, remove, take, text } from './harness.ts';

export function reopening(open: OpenHarness): void {
  it('keeps everything when it is opened again', async () => {
    const harness = await begin(open);
    const { store, reopen } = harness;
    if (!reopen) throw new Error('the harness of a durable driver can reopen');
    const first = await commit(store, put('/a', '1'));
    await commit(store, put('/a', '2'));
    await commit(store, put('/b', ''));
    await commit(store, remove('/b'));
    const lease = await store.grantLease(600);
    const newest = await commit(store, put('/leased', '', lease));
    const again = await reopen();
    expect(await again.revision()).toBeGreaterThanOrEqual(newest);
    expect(text((await again.get('/a', first)).kv?.value)).toBe('1');
    expect((await again.get('/a')).kv).toMatchObject({ version: 2 });
    const events = await take(again.watch({ ...all, fromRevision: first }), 5);
    expect(events.map(line)).toEqual(['put /a=1', 'put /a=2', 'put /b=', 'delete /b', 'put /leased=']);
    expect(await commit(again, put('/c', ''))).toBeGreaterThan(newest);
    await again.revokeLease(lease);
    expect((await again.range(all)).kvs.map((kv) => kv.key)).toEqual(['/a', '/c']);
    await again.close();
  });
}

/** Acknowledged pairs after which the writer is killed. */
const acknowledgedBeforeKill = 500;

export interface CrashCase {
  /** Arguments for this Node, of a program that runs `writePairs` until it is killed. */
  writer: string[];
  openAfterwards(): Promise<Store>;
}

export async function expectCrashSafety({ writer, openAfterwards }: CrashCase): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...writer], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged = new Map<string, number>();
  for await (const said of createInterface(child.stdout)) {
    const [pair, revision] = said.split(' ');
    // The last line may be cut off by the kill; a whole one ends in a dot.
    if (pair && revision?.endsWith('.')) acknowledged.set(pair, Number.parseInt(revision, 10));
    if (acknowledged.size >= acknowledgedBeforeKill && !child.killed) child.kill('SIGKILL');
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(acknowledgedBeforeKill);
  const store = await openAfterwards();
  const { kvs } = await store.range(all);
  const found = new Map(kvs.map((kv) => [kv.key, kv.modRevision]));
  for (const [pair, revision] of acknowledged) expect([pair, found.get(`/${pair}/left`)]).toEqual([pair, revision]);
  for (const kv of kvs)
    expect(found.get(kv.key.replace(/left$|right$/, (side) => (side === 'left' ? 'right' : 'left')))).toBe(kv.modRevision);
  await store.close();
}
