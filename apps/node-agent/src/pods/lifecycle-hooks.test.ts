import type { Pod } from '@berth/api';
import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { runHook } from './lifecycle-hooks.ts';

const container = { name: 'main', image: 'app' };
const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'a', uid: 'u' }, spec: { containers: [container] } };

test('of what a hook prints, so much is said as can be read', async () => {
  const stdout = Buffer.alloc(16_000_000, 'o');
  const runtime = { execSync: async () => ({ exitCode: 3, stdout, stderr: Buffer.from('late') }) };
  const ports = { runtime, clock: systemClock, warned: () => undefined };
  const hook = runHook(
    { exec: { command: ['sh'] } },
    { pod, container, containerId: 'c', podIp: '' },
    ports,
    1,
    new AbortController().signal,
  );
  const said = await hook.catch((error: Error) => error.message);
  expect(said).toContain('command exited with 3, message: "ooo');
  expect(String(said).length).toBeLessThan(11_000);
});

test('a hook that nobody waits for any more may fail later, and ends nothing', async () => {
  const unowned: unknown[] = [];
  const note = (error: unknown) => void unowned.push(error);
  process.on('unhandledRejection', note);
  const ended = Promise.withResolvers<never>();
  const ports = { runtime: { execSync: () => ended.promise }, clock: systemClock, warned: () => undefined };
  const abandon = new AbortController();
  const hook = runHook({ exec: { command: ['sh'] } }, { pod, container, containerId: 'c', podIp: '' }, ports, 1, abandon.signal);
  abandon.abort();
  await hook;
  ended.reject(new Error('the container is gone'));
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  expect(unowned).toEqual([]);
});
