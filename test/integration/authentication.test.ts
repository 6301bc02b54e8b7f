// Tokens as kubectl and other clients use them, against a control plane over HTTPS.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers']);
  await ok(['create', 'serviceaccount', 'web']);
});
afterAll(() => cluster.stop());

async function ok(args: string[], input = ''): Promise<string> {
  const { stdout, stderr, code } = await cluster.run(args, { input });
  expect(`${stderr}`, args.join(' ')).toBe('');
  expect(code).toBe(0);
  return stdout.trim();
}

/** A request with a bearer token and without the administrator's certificate. */
function ask(path: string, token: string, options: { method?: string; body?: unknown; as?: Record<string, string> } = {}) {
  const ca = readFileSync(`${cluster.directory}/data/pki/ca.crt`);
  const { port } = cluster.controlPlane.address ?? { port: 0 };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...options.as };
  return new Promise<{ code: number; body: Record<string, unknown> }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ca, headers, method: options.method ?? 'GET' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }));
    });
    asked.once('error', reject);
    asked.end(options.body === undefined || typeof options.body === 'string' ? options.body : JSON.stringify(options.body));
  });
}

async function whoIs(token: string) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', token, { method: 'POST', body });
  const { userInfo } = (answer.body.status ?? {}) as { userInfo?: { username: string; groups: string[] } };
  return answer.code === 201 ? userInfo : answer.code;
}

const accountGroups = ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'];

test('kubectl create token makes a token that is its account, until the account is gone', async () => {
  const token = await ok(['create', 'token', 'web', '--duration', '20m']);
  expect(await whoIs(token)).toMatchObject({ username: 'system:serviceaccount:default:web', groups: accountGroups });
  await ok(['create', 'serviceaccount', 'gone']);
  const short = await ok(['create', 'token', 'gone']);
  await ok(['delete', 'serviceaccount', 'gone']);
  expect(await whoIs(short)).toBe(401);
  await ok(['create', 'serviceaccount', 'gone']);
  expect(await whoIs(short)).toBe(401);
});

test('a bound token ends with what it is bound to', async () => {
  await ok(['create', 'secret', 'generic', 'anchor']);
  const token = await ok(['create', 'token', 'web', '--bound-object-kind', 'Secret', '--bound-object-name', 'anchor']);
  expect(await whoIs(token)).toMatchObject({ username: 'system:serviceaccount:default:web' });
  await ok(['delete', 'secret', 'anchor']);
  expect(await whoIs(token)).toBe(401);
});

test('what cannot be granted is refused in Kubernetes’ words', async () => {
  const short = await cluster.run(['create', 'token', 'web', '--duration', '5m']);
  expect(short.stderr).toContain('spec.expirationSeconds: Invalid value: 300: may not specify a duration less than 10 minutes');
  const absent = await cluster.run(['create', 'token', 'nobody']);
  expect(absent.stderr).toContain('serviceaccounts "nobody" not found');
  const unbound = await cluster.run(['create', 'token', 'web', '--bound-object-kind', 'Pod', '--bound-object-name', 'nothing']);
  expect(unbound.stderr).toContain('pods "nothing" not found');
});

test('others can check a token with the keys that are served', async () => {
  const token = await ok(['create', 'token', 'web', '--audience', 'vault']);
  expect(await whoIs(token)).toBe(401);
  const keys = JSON.parse(await ok(['get', '--raw', '/openid/v1/jwks'])) as JSONWebKeySet;
  const configuration = JSON.parse(await ok(['get', '--raw', '/.well-known/openid-configuration'])) as { issuer: string };
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer: configuration.issuer, audience: 'vault' });
  expect(payload.sub).toBe('system:serviceaccount:default:web');
  expect(payload['kubernetes.io']).toMatchObject({ namespace: 'default', serviceaccount: { name: 'web' } });
});

test('a token review says whose a token is, and for whom', async () => {
  const review = async (token: string, audiences?: string[]) => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, ...(audiences && { audiences }) } };
    return JSON.parse(await ok(['create', '--raw', '/apis/authentication.k8s.io/v1/tokenreviews', '-f', '-'], JSON.stringify(body))).status;
  };
  const token = await ok(['create', 'token', 'web', '--audience', 'vault']);
  const user = { username: 'system:serviceaccount:default:web', groups: accountGroups };
  expect(await review(token, ['vault', 'other'])).toMatchObject({ authenticated: true, user, audiences: ['vault'] });
  expect(await review(token)).toMatchObject({ error: expect.stringContaining('vault') });
  expect((await review('nonsense')).authenticated).toBeUndefined();
});

test('a bootstrap token is its user and groups', async () => {
  const literals = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:workers',
  };
  const given = Object.entries(literals).map(([key, value]) => `--from-literal=${key}=${value}`);
  await ok([
    'create',
    'secret',
    'generic',
    'bootstrap-token-abcdef',
    '-n',
    'kube-system',
    '--type=bootstrap.kubernetes.io/token',
    ...given,
  ]);
  const groups = ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'];
  expect(await whoIs('abcdef.0123456789abcdef')).toMatchObject({ username: 'system:bootstrap:abcdef', groups });
  expect(await whoIs('abcdef.0123456789abcdee')).toBe(401);
});

test('the history of metrics answers whoever may read it, as Prometheus answers', async () => {
  const path = '/metrics/history/api/v1/query';
  const token = await ok(['create', 'token', 'web']);
  const form = (query: string, at = path) =>
    ask(at, token, {
      method: 'POST',
      body: `query=${encodeURIComponent(query)}`,
      as: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  expect((await form('1')).code).toBe(403);
  await ok(['create', 'clusterrolebinding', 'web-monitoring', '--clusterrole', 'system:monitoring', '--serviceaccount', 'default:web']);
  await expect.poll(async () => (await form('1')).code).toBe(200);
  const result = [{ metric: {}, value: [expect.any(Number), '2'] }];
  expect((await form('vector(1) + 1')).body).toMatchObject({ status: 'success', data: { resultType: 'vector', result } });
  expect(JSON.parse(await ok(['get', '--raw', `${path}?query=vector(2)`])).data.result).toEqual(result);
  const refused = { status: 'error', errorType: 'bad_data', error: expect.stringContaining('1:5: parse error') };
  expect(await form('sum(')).toMatchObject({ code: 400, body: refused });
  expect((await form('1', '/metrics/history/api/v1/nothing')).code).toBe(404);
  expect((await form('1', '/metrics')).code).toBe(403);
});
