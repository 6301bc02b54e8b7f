// Which questions an impersonation asks, and who comes out.
import { describe, expect, it } from 'vitest';
import type { Attributes } from '../core/authorizer.ts';
import { impersonated } from './impersonation.ts';

const me = { name: 'alice', groups: ['system:authenticated'] };

async function ask(headers: Record<string, string[]>) {
  const asked: Attributes[] = [];
  const user = await impersonated(me, headers, async (attributes) => {
    asked.push(attributes);
  });
  return { user, asked };
}

describe('impersonation', () => {
  it('asks about user, groups, uid and extras each', async () => {
    const { user, asked } = await ask({
      'impersonate-user': ['bob'],
      'impersonate-group': ['dev', 'ops, too'],
      'impersonate-uid': ['u-1'],
      'impersonate-extra-acme.com%2fproject': ['x', 'y'],
    });
    expect(asked).toEqual([
      { verb: 'impersonate', group: '', resource: 'users', name: 'bob' },
      { verb: 'impersonate', group: '', resource: 'groups', name: 'dev' },
      { verb: 'impersonate', group: '', resource: 'groups', name: 'ops, too' },
      { verb: 'impersonate', group: 'authentication.k8s.io', resource: 'userextras', subresource: 'acme.com/project', name: 'x' },
      { verb: 'impersonate', group: 'authentication.k8s.io', resource: 'userextras', subresource: 'acme.com/project', name: 'y' },
      { verb: 'impersonate', group: 'authentication.k8s.io', resource: 'uids', name: 'u-1' },
    ]);
    const groups = ['dev', 'ops, too', 'system:authenticated'];
    expect(user).toEqual({ name: 'bob', groups, uid: 'u-1', extra: { 'acme.com/project': ['x', 'y'] } });
  });

  it('gives a service account its groups, and asks in its namespace', async () => {
    const { user, asked } = await ask({ 'impersonate-user': ['system:serviceaccount:shop:web'] });
    expect(asked).toEqual([{ verb: 'impersonate', group: '', resource: 'serviceaccounts', namespace: 'shop', name: 'web' }]);
    expect(user.groups).toEqual(['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']);
  });

  it('makes nobody in particular unauthenticated', async () => {
    expect((await ask({ 'impersonate-user': ['system:anonymous'] })).user.groups).toEqual(['system:unauthenticated']);
  });

  it('refuses groups, uids and extras without a user, and headers it does not know', async () => {
    await expect(ask({ 'impersonate-group': ['dev'] })).rejects.toMatchObject({ code: 400 });
    await expect(ask({ 'impersonate-extra-a': ['dev'] })).rejects.toMatchObject({ code: 400 });
    await expect(ask({ 'impersonate-user': ['bob'], 'impersonate-shoe-size': ['44'] })).rejects.toMatchObject({ code: 400 });
    await expect(ask({ 'impersonate-user': ['bob', 'eve'] })).rejects.toMatchObject({ code: 400 });
  });

  it('does nothing when one part is denied', async () => {
    const deny = async ({ verb }: Attributes) => {
      throw new Error(`no ${verb}`);
    };
    await expect(impersonated(me, { 'impersonate-user': ['bob'] }, deny)).rejects.toThrow('no impersonate');
    expect(await impersonated(me, { accept: ['*/*'] }, deny)).toBe(me);
  });
});
