// Tokens: whom they let in, for how long, and that what is stored does not give them away.
import type { Secret } from '@berth/api';
import { Secret as SecretKind } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Client } from './client.ts';
import { Tokens } from './tokens.ts';

const caFingerprint = 'ab'.repeat(32);
let stored: Map<string, Secret>;
let now: number;
let tokens: Tokens;

beforeEach(() => {
  [stored, now] = [new Map(), Date.parse('2026-01-01T00:00:00Z')];
  const client = {
    create: async (_: unknown, secret: Secret) => void stored.set(secret.metadata.name, secret),
    get: async (_: unknown, { namespace, name }: { namespace: string; name: string }) => {
      const secret = namespace === 'kube-system' ? stored.get(name) : undefined;
      if (!secret) throw StatusError.notFound(SecretKind, name);
      return secret;
    },
    list: async () => ({ items: [...stored.values()] }),
    delete: async (_: unknown, { name }: { name: string }) => void stored.delete(name),
  } as unknown as Client;
  tokens = new Tokens({ client, clock: { now: () => now } as never, caFingerprint });
});

describe('join tokens', () => {
  it('let machines in until they expire or are revoked', async () => {
    const token = await tokens.createJoinToken(60);
    expect(token).toMatch(new RegExp(`^berth1\\.[0-9a-f]{10}\\.[\\w-]{43}\\.${caFingerprint}$`));
    expect(await tokens.verifyJoinToken(token)).toBe(true);
    now += 60_000;
    expect(await tokens.verifyJoinToken(token)).toBe(false);
    const revoked = await tokens.createJoinToken();
    stored.clear();
    expect(await tokens.verifyJoinToken(revoked)).toBe(false);
  });

  it('are not in what is stored', async () => {
    const token = await tokens.createJoinToken();
    const [, id, secret = ''] = token.split('.');
    const [kept] = stored.values();
    expect(kept?.metadata).toEqual({ name: `berth-token-${id}`, namespace: 'kube-system' });
    const fields = Object.values(kept?.data ?? {}).map((value) => Buffer.from(value, 'base64').toString());
    expect(fields.join(' ')).not.toContain(secret);
  });

  it('are refused when anything about them differs', async () => {
    const token = await tokens.createJoinToken();
    const [prefix, id, secret = '', fingerprint] = token.split('.');
    const other = `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`;
    for (const wrong of [
      '',
      'berth1',
      `berth2.${id}.${secret}.${fingerprint}`,
      [prefix, id, other, fingerprint].join('.'),
      [prefix, id, secret, 'cd'.repeat(32)].join('.'),
      [prefix, id, '', fingerprint].join('.'),
      [prefix, '../other', secret, fingerprint].join('.'),
      `${token}.more`,
    ])
      expect(await tokens.verifyJoinToken(wrong)).toBe(false);
  });
});

describe('access tokens', () => {
  it('stand for a user and its groups, and for nothing else', async () => {
    const token = await tokens.createAccessToken({ name: 'ann', groups: ['berth:viewers', 'ops'] });
    expect(await tokens.verifyAccessToken(token)).toEqual({ name: 'ann', groups: ['berth:viewers', 'ops'] });
    const [, id, secret] = token.split('.');
    expect(await tokens.verifyJoinToken(`berth1.${id}.${secret}.${caFingerprint}`)).toBe(false);
    const join = (await tokens.createJoinToken()).split('.');
    expect(await tokens.verifyAccessToken(`berth-access.${join[1]}.${join[2]}`)).toBeUndefined();
    now += 30 * 24 * 3_600_000;
    expect(await tokens.verifyAccessToken(token)).toBeUndefined();
  });

  it('are refused when their date cannot be read', async () => {
    const token = await tokens.createAccessToken({ name: 'ann', groups: [] });
    const [kept] = stored.values();
    if (kept?.data) kept.data.expiresAt = Buffer.from('soon').toString('base64');
    expect(await tokens.verifyAccessToken(token)).toBeUndefined();
  });
});

describe('what there is', () => {
  it('is listed with its end and without what it is worth, and revoked by its id or as a whole', async () => {
    const join = await tokens.createJoinToken(60);
    const access = await tokens.createAccessToken({ name: 'ann', groups: ['a', 'b'] }, 120);
    stored.set('other', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace: 'kube-system' }, type: 'Opaque' });
    now += 60_000;
    const [joinId = '', accessId = ''] = [join, access].map((token) => token.split('.')[1]);
    expect(await tokens.list()).toEqual([
      { id: joinId, kind: 'join', expiresAt: '2026-01-01T00:01:00Z', isExpired: true },
      { id: accessId, kind: 'access', user: { name: 'ann', groups: ['a', 'b'] }, expiresAt: '2026-01-01T00:02:00Z', isExpired: false },
    ]);
    expect(await tokens.revoke('0123456789')).toBe(false);
    expect(await tokens.revoke('other')).toBe(false);
    expect(await tokens.revoke(access)).toBe(true);
    expect(await tokens.verifyAccessToken(access)).toBeUndefined();
    expect(await tokens.revoke(joinId)).toBe(true);
    expect(await tokens.list()).toEqual([]);
  });
});
