// Tokens of an OpenID Connect provider: who they make somebody, which are refused, and what happens when its keys change.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthenticationConfigurationError, type ConfiguredProvider } from '@berth/apiserver';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { IdentityProvider, newKey } from './authentication/identity-provider.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

let provider: IdentityProvider;
let cluster: KubectlCluster;
let second: KubectlCluster;
/** Maps by expressions. */
let third: KubectlCluster;
let directory: string;

beforeAll(async () => {
  provider = await IdentityProvider.start();
  const file = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer: {url: "${provider.issuer}", audiences: [kubernetes, other], audienceMatchPolicy: MatchAny, certificateAuthority: ${JSON.stringify(provider.authority)}}
  claimMappings:
    username: {claim: email, prefix: "idp:"}
    groups: {claim: roles, prefix: "idp:"}
    uid: {claim: sub}
  claimValidationRules: [{claim: hd, requiredValue: example.com}]
`;
  directory = await mkdtemp(join(tmpdir(), 'berth-oidc-'));
  await writeFile(`${directory}/authentication.yaml`, file);
  await writeFile(`${directory}/ca.crt`, provider.authority);
  cluster = await KubectlCluster.start(['api'], { authentication: { file: `${directory}/authentication.yaml` } });
  const byOptions: ConfiguredProvider = {
    ...{ issuer: provider.issuer, audiences: ['kubernetes'], algorithms: ['RS256'], requiredClaims: {} },
    ...{ username: { claim: 'sub', prefix: `${provider.issuer}#` }, certificateAuthorityFile: `${directory}/ca.crt` },
  };
  second = await KubectlCluster.start(['api'], { authentication: { provider: byOptions } });
  await writeFile(`${directory}/expressions.yaml`, byExpressions());
  third = await KubectlCluster.start(['api'], { authentication: { file: `${directory}/expressions.yaml` } });
});
afterAll(async () => {
  await cluster?.stop();
  await second?.stop();
  await third?.stop();
  await provider?.stop();
  await rm(directory, { recursive: true, force: true });
});

const byExpressions = (userPrefix = 'x:') => `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer: {url: "${provider.issuer}", audiences: [kubernetes], certificateAuthority: ${JSON.stringify(provider.authority)}}
  claimMappings:
    username: {expression: "'${userPrefix}' + claims.email"}
    groups: {expression: "claims.?roles.orValue('').split(',').filter(role, role.matches('^[a-z]+$'))"}
    uid: {expression: claims.sub}
    extra:
    - {key: example.com/tenant, valueExpression: claims.tenant.name}
    - {key: example.com/none, valueExpression: "''"}
  claimValidationRules:
  - {expression: "claims.?email_verified.orValue(true) == true", message: the address must be verified}
  - {expression: "claims.exp - claims.iat <= 86400", message: a day at most}
  userValidationRules:
  - {expression: "!user.username.endsWith(':root') && user.groups.all(group, group != 'admin')", message: reserved}
`;

/** `auth whoami` with nothing but this token. */
async function whoAmI(
  of: KubectlCluster,
  token: string,
): Promise<{ username?: string; groups?: string[]; uid?: string; extra?: object } | string> {
  const { stdout, stderr } = await of.runWithToken(token, ['auth', 'whoami', '-o', 'json']);
  return stdout ? (JSON.parse(stdout) as { status: { userInfo: object } }).status.userInfo : stderr.trim();
}

const refused = 'error: You must be logged in to the server (Unauthorized)';

test('claims become a user with groups', async () => {
  const claims = { email: 'ann@example.com', email_verified: true, roles: ['dev', 'ops'], hd: 'example.com' };
  await vi.waitFor(
    async () =>
      expect(await whoAmI(cluster, await provider.token(claims))).toEqual({
        ...{ username: 'idp:ann@example.com', uid: 'u-1' },
        groups: ['idp:dev', 'idp:ops', 'system:authenticated'],
      }),
    30_000,
  );
  expect(await whoAmI(cluster, await provider.token({ ...claims, roles: 'dev', aud: ['x', 'other'] }))).toMatchObject({
    groups: ['idp:dev', 'system:authenticated'],
  });
  expect(await whoAmI(second, await provider.token({}))).toEqual({ username: `${provider.issuer}#u-1`, groups: ['system:authenticated'] });
});

test('roles are bound to the names that the provider’s users have here', async () => {
  await cluster.run(['create', 'clusterrolebinding', 'devs', '--clusterrole=view', '--group=idp:dev']);
  const token = await provider.token({ email: 'ann@example.com', roles: ['dev'], hd: 'example.com' });
  const ask = (...args: string[]) => cluster.runWithToken(token, args);
  expect((await ask('get', 'configmaps', '-A')).code).toBe(0);
  expect((await ask('get', 'secrets', '-A')).stderr).toContain('User "idp:ann@example.com" cannot list resource "secrets"');
});

const good = { email: 'ann@example.com', hd: 'example.com' };
const now = Math.floor(Date.now() / 1000);

test.each<[string, () => Promise<string>]>([
  ['expired', () => provider.token({ ...good, exp: now - 1 })],
  ['without an end', () => provider.token({ ...good, exp: undefined })],
  ['not valid yet', () => provider.token({ ...good, nbf: now + 900 })],
  ['for somebody else', () => provider.token({ ...good, aud: 'somebody' })],
  ['for nobody', () => provider.token({ ...good, aud: undefined })],
  ['of another issuer', () => provider.token({ ...good, iss: 'https://localhost/other' })],
  ['without the required claim', () => provider.token({ email: good.email })],
  ['with another value of the required claim', () => provider.token({ ...good, hd: 'example.org' })],
  ['without the name', () => provider.token({ hd: good.hd })],
  ['with a name that is no text', () => provider.token({ ...good, email: 7 })],
  ['with an address that was not verified', () => provider.token({ ...good, email_verified: false })],
  ['with groups that are no texts', () => provider.token({ ...good, roles: [{ admin: true }] })],
  ['signed with a key that is not the provider’s', async () => provider.token(good, { key: await newKey('first') })],
  ['signed with a key that nobody knows', async () => provider.token(good, { key: await newKey('unknown') })],
  [
    'without a signature',
    async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await provider.token(good)).split('.')[1]}.`,
  ],
])('a token is refused: %s', async (_why, token) => {
  expect(await whoAmI(cluster, await token())).toBe(refused);
});

const known = { email: 'ann', tenant: { name: 't1' } };

test('claims become a user by expressions', async () => {
  await vi.waitFor(
    async () =>
      expect(await whoAmI(third, await provider.token({ ...known, roles: 'dev,ops,1' }))).toEqual({
        ...{ username: 'x:ann', uid: 'u-1', groups: ['dev', 'ops', 'system:authenticated'] },
        extra: { 'example.com/tenant': ['t1'] },
      }),
    30_000,
  );
  expect(await whoAmI(third, await provider.token(known))).toMatchObject({ groups: ['system:authenticated'] });
});

test.each<[string, JWTPayload]>([
  ['for which an expression has no value', { email: 'ann' }],
  ['whose name is none', { ...known, email: 7 }],
  ['whose address was not verified', { ...known, email_verified: false }],
  ['that lives too long', { ...known, exp: now + 90_000 }],
  ['whose user has a reserved name', { ...known, email: ':root' }],
  ['whose user is in a reserved group', { ...known, roles: 'dev,admin' }],
  ['that has other roles than texts', { ...known, roles: ['dev'] }],
])('a token is refused by expressions: %s', async (_why, claims) => {
  expect(await whoAmI(third, await provider.token(claims))).toBe(refused);
  expect(await whoAmI(third, await provider.token(known))).toMatchObject({ username: 'x:ann' });
});

const metric = 'apiserver_authentication_config_controller_automatic_reloads_total';
async function reloads(status: string): Promise<number> {
  const { stdout } = await third.run(['get', '--raw', '/metrics']);
  return Number(new RegExp(`^${metric}\\{status="${status}"\\} (\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
}

test('a change of the file is put into force without a restart; one that cannot be used is counted, and changes nothing', async () => {
  const file = `${directory}/expressions.yaml`;
  const token = await provider.token(known);
  expect(await whoAmI(third, token)).toMatchObject({ username: 'x:ann' });
  await writeFile(file, byExpressions('y:'));
  await vi.waitFor(async () => expect(await whoAmI(third, token)).toMatchObject({ username: 'y:ann' }), { timeout: 10_000 });
  expect([await reloads('success'), await reloads('failure')]).toEqual([1, 0]);
  await writeFile(file, byExpressions('z:').replace('claims.tenant.name', 'claims.'));
  await vi.waitFor(async () => expect(await reloads('failure')).toBe(1), { timeout: 10_000 });
  expect(await whoAmI(third, token)).toMatchObject({ username: 'y:ann' });
  await writeFile(`${file}.new`, byExpressions().replace('username.endsWith', 'username.startsWith').replace("':root'", "'x:'"));
  await rename(`${file}.new`, file);
  await vi.waitFor(async () => expect(await whoAmI(third, token)).toBe(refused), { timeout: 10_000 });
  expect([await reloads('success'), await reloads('failure')]).toEqual([2, 1]);
});

test('an algorithm that was not allowed is refused, although the provider uses it', async () => {
  const key = await newKey('first', 'PS256');
  expect(await whoAmI(second, await provider.token({}, { key }))).toBe(refused);
});

test('new keys of the provider are found, and are not looked for at every token', async () => {
  const before = provider.keyRequests;
  for (let tried = 0; tried < 5; tried++) await whoAmI(second, await provider.token({}, { key: await newKey(`unknown-${tried}`) }));
  expect(provider.keyRequests - before).toBeLessThanOrEqual(1);
  const old = await provider.token({});
  await provider.rotate();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  try {
    expect(await whoAmI(second, await provider.token({}))).toMatchObject({ username: `${provider.issuer}#u-1` });
    expect(await whoAmI(second, old)).toBe(refused);
  } finally {
    vi.useRealTimers();
  }
});

test('the server starts and works while its provider cannot be reached; what is wrong with the configuration stops it', async () => {
  const lost: ConfiguredProvider = {
    ...{ issuer: 'https://localhost:1/none', audiences: ['kubernetes'], algorithms: ['RS256'], requiredClaims: {} },
    username: { claim: 'sub', prefix: '' },
  };
  const lonely = await KubectlCluster.start(['api'], { authentication: { provider: lost } });
  expect((await lonely.run(['get', 'namespaces', '-o', 'name'])).stdout).toContain('namespace/default');
  expect(await whoAmI(lonely, await provider.token({ iss: 'https://localhost:1/none' }))).toBe(refused);
  await lonely.stop();
  const missing = KubectlCluster.start(['api'], { authentication: { file: '/none/authentication.yaml' } });
  await expect(missing).rejects.toThrow(AuthenticationConfigurationError);
});
