// Conflicts are tried again, a bounded number of times; nothing else is.
import { StatusError } from '@berth/machinery';
import { expect, test, vi } from 'vitest';
import { retryOnConflict } from './retry-on-conflict.ts';

const conflict = StatusError.conflict({ group: '', plural: 'pods' }, 'web', 'the object has been modified');

test('a conflict is tried again until it passes', async () => {
  const attempt = vi
    .fn<(isAgain: boolean) => Promise<string>>()
    .mockRejectedValueOnce(conflict)
    .mockRejectedValueOnce(conflict)
    .mockResolvedValue('done');
  await expect(retryOnConflict(attempt)).resolves.toBe('done');
  expect(attempt.mock.calls).toEqual([[false], [true], [true]]);
});

test('a conflict that stays is told, and other failures at once', async () => {
  const stuck = vi.fn(() => Promise.reject(conflict));
  await expect(retryOnConflict(stuck)).rejects.toBe(conflict);
  expect(stuck).toHaveBeenCalledTimes(8);
  const broken = vi.fn(() => Promise.reject(new Error('away')));
  await expect(retryOnConflict(broken)).rejects.toThrow('away');
  expect(broken).toHaveBeenCalledTimes(1);
});
