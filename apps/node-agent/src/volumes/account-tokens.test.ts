// When tokens are asked for again, and what happens while none can be had.
import type { Pod } from '@berth/api';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { AccountTokens } from './account-tokens.ts';

const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' }, spec: { containers: [] } };

test('a token is kept, renewed at four fifths of its life, and kept on while it cannot be', async () => {
  const clock = new SimulatedClock();
  const due: string[] = [];
  let made = 0;
  let down = false;
  const link = {
    accountToken: async () => {
      if (down) throw new Error('no session');
      made += 1;
      return { token: `t${made}`, expiresAtMs: clock.now() + 1_000_000 };
    },
  };
  const tokens = new AccountTokens({ link, clock, logger: silentLogger, due: (uid) => due.push(uid) });
  expect(await tokens.get(pod, '', 1000)).toMatchObject({ token: 't1' });
  expect(await tokens.get(pod, '', 1000)).toMatchObject({ token: 't1' });
  expect(await tokens.get(pod, 'vault', 1000)).toMatchObject({ token: 't2' });
  await clock.advance(799_000);
  expect(due).toEqual([]);
  await clock.advance(2_000);
  expect(due).toEqual(['u1', 'u1']);
  down = true;
  expect(await tokens.get(pod, '', 1000)).toMatchObject({ token: 't1' });
  down = false;
  await clock.advance(11_000);
  expect(due).toHaveLength(3);
  expect(await tokens.get(pod, '', 1000)).toMatchObject({ token: 't3' });
  down = true;
  await clock.advance(2_000_000);
  await expect(tokens.get(pod, '', 1000)).rejects.toThrow('no session');
  tokens.forget('u1');
});
