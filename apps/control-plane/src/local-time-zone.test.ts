import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { localTimeZone } from './local-time-zone.ts';

test('a zone that is not known is UTC', () => {
  expect([localTimeZone('Europe/Berlin'), localTimeZone('Etc/Unknown')]).toEqual(['Europe/Berlin', 'UTC']);
});

test.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  [':Europe/Berlin', 'Europe/Berlin'],
  ['Nonsense/Zone', 'UTC'],
])('a process with the TZ %s follows %s', async (TZ, zone) => {
  const script = `import { localTimeZone } from ${JSON.stringify(new URL('./local-time-zone.ts', import.meta.url))}; console.log(localTimeZone())`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TZ } });
  expect(stdout.trim()).toBe(zone);
});
