// Log-in to the dashboard through an identity provider, as its page asks for it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IdentityProvider } from './authentication/identity-provider.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

let provider: IdentityProvider;
let cluster: KubectlCluster;
let without: KubectlCluster;
let directory: string;

beforeAll(async () => {
  provider = await IdentityProvider.start();
  directory = await mkdtemp(join(tmpdir(), 'berth-login-'));
  const [certificateAuthorityFile, secretFile] = [join(directory, 'ca.crt'), join(directory, 'secret')];
  await writeFile(certificateAuthorityFile, provider.authority);
  await writeFile(secretFile, 's3:cret\n');
  const dashboardLogin = { issuer: provider.issuer, clientId: 'dash', scopes: ['openid', 'email'], certificateAuthorityFile, secretFile };
  cluster = await KubectlCluster.start(['api'], { dashboardLogin });
  without = await KubectlCluster.start(['api']);
});
afterAll(async () => {
  await cluster?.stop();
  await without?.stop();
  await provider?.stop();
  await rm(directory, { recursive: true, force: true });
});

function ask(of: KubectlCluster, path: string, form?: Record<string, string>): Promise<{ code: number; body: Record<string, unknown> }> {
  const port = of.controlPlane.address?.port;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method: form ? 'POST' : 'GET', rejectUnauthorized: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    asked.on('error', reject).end(form && new URLSearchParams(form).toString());
  });
}

test('the page is told where to log in, and without a provider that there is none', async () => {
  expect((await ask(cluster, '/ui/oidc')).body).toEqual({
    ...{ issuer: provider.issuer, clientId: 'dash', scopes: ['openid', 'email'] },
    authorizationEndpoint: `${provider.issuer}/authorize`,
  });
  expect(await ask(without, '/ui/oidc')).toEqual({ code: 200, body: {} });
  expect((await ask(without, '/ui/oidc/token', { grant_type: 'refresh_token', refresh_token: 'x' })).code).toBe(404);
});

const code = { grant_type: 'authorization_code', code: 'c', code_verifier: 'v', redirect_uri: 'https://a/ui/' };

test('a code becomes tokens, asked for with the client’s secret and nothing that the page adds', async () => {
  let seen: unknown;
  provider.grant = async (form, authorization) => {
    seen = [Object.fromEntries(form), authorization];
    return { code: 200, body: { id_token: 'a.b.c', refresh_token: 'r', access_token: 'secret' } };
  };
  const answer = await ask(cluster, '/ui/oidc/token', { ...code, client_id: 'other', scope: 'all' });
  expect(answer).toEqual({ code: 200, body: { idToken: 'a.b.c', refreshToken: 'r' } });
  expect(seen).toEqual([{ ...code, client_id: 'dash' }, `Basic ${Buffer.from('dash:s3%3Acret').toString('base64')}`]);
  await ask(cluster, '/ui/oidc/token', { grant_type: 'refresh_token', refresh_token: 'r' });
  expect(seen).toMatchObject([{ grant_type: 'refresh_token', refresh_token: 'r', client_id: 'dash' }, expect.stringMatching(/^Basic /)]);
});

test.each<[string, Record<string, string>, number, RegExp]>([
  ['another grant', { grant_type: 'password' }, 400, /grant_type: must be one of/],
  ['no verifier', { grant_type: 'authorization_code', code: 'c', redirect_uri: 'x' }, 400, /code_verifier is required/],
  ['a code that the provider refuses', code, 403, /refused: invalid_grant: the code is not known/],
])('%s is refused in words', async (_, form, status, words) => {
  provider.grant = async () => ({ code: 400, body: { error: 'invalid_grant', error_description: 'the code is not known' } });
  const answer = await ask(cluster, '/ui/oidc/token', form);
  expect([answer.code, answer.body.message]).toEqual([status, expect.stringMatching(words)]);
});

test('a provider that gives no ID token, or is gone, is named', async () => {
  provider.grant = async () => ({ code: 200, body: { access_token: 'x' } });
  expect(await ask(cluster, '/ui/oidc/token', code)).toMatchObject({
    code: 502,
    body: { message: expect.stringMatching(/gave no ID token/) },
  });
  await provider.stop();
  const { body } = await ask(cluster, '/ui/oidc/token', code);
  expect(body).toMatchObject({ code: 502, message: expect.stringMatching(/cannot be asked: .*ECONNREFUSED/) });
  provider = await IdentityProvider.start();
});
