import { expect, it } from 'vitest';
import { cgroupAmount, ifThere } from './cgroup-files.ts';

it('reads amounts, Infinity for no limit', () => {
  expect(['max\n', 'max 100000\n', '-1\n', '20000 100000\n', '4096\n'].map(cgroupAmount)).toEqual([
    ...Array(3).fill(Number.POSITIVE_INFINITY),
    20_000,
    4096,
  ]);
});

it('takes a cgroup that has gone for absent, and nothing else', async () => {
  const failed = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
  expect(await ifThere(failed('ENOENT'))).toBeUndefined();
  expect(await ifThere(failed('ENODEV'))).toBeUndefined();
  await expect(ifThere(failed('EACCES'))).rejects.toThrow('EACCES');
});
