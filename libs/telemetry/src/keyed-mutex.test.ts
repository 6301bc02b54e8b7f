import { expect, test } from 'vitest';
import { KeyedMutex } from './keyed-mutex.ts';

test('what concerns one thing goes one after another and in order, also after a failure; others wait for nothing', async () => {
  const mutex = new KeyedMutex();
  const seen: string[] = [];
  const unlock = await mutex.lock('a');
  const failing = mutex.run('a', async () => {
    seen.push('first');
    throw new Error('failed');
  });
  const last = mutex.run('a', async () => seen.push('last'));
  await mutex.run('b', async () => seen.push('other'));
  expect(seen).toEqual(['other']);
  unlock();
  await expect(failing).rejects.toThrow('failed');
  await last;
  expect(seen).toEqual(['other', 'first', 'last']);
});
