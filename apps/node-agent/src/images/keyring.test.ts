import type { Secret } from '@berth/api';
import { expect, test } from 'vitest';
import { type DockerEntry, matchesImage, secretKeyring } from './keyring.ts';

function secretOf(name: string, entries: Record<string, DockerEntry>, type = 'kubernetes.io/dockerconfigjson'): Secret {
  const [field, content] = type.endsWith('dockercfg') ? ['.dockercfg', entries] : ['.dockerconfigjson', { auths: entries }];
  const data = { [field]: Buffer.from(JSON.stringify(content)).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'team', uid: `uid-${name}` }, type, data };
}

const users = (secrets: Secret[], repository: string) =>
  secretKeyring(secrets)
    .lookup(repository)
    .map(({ auth }) => auth.username);

test('all credentials that fit an image are tried, the most exact first', () => {
  const secrets = [
    secretOf('a', {
      'quay.io': { username: 'anybody' },
      'https://quay.io/team': { username: 'team' },
      'quay.io:5000': { username: 'port' },
    }),
    secretOf('b', { 'quay.io': { username: 'second' }, '*.io': { username: 'wild' }, 'other.io': { username: 'other' } }),
  ];
  expect(users(secrets, 'quay.io/team/app')).toEqual(['team', 'anybody', 'second', 'wild']);
  expect(users(secrets, 'quay.io/else/app')).toEqual(['anybody', 'second', 'wild']);
  expect(users(secrets, 'quay.io:5000/app')).toEqual(['port']);
  expect(users(secrets, 'registry.quay.io/app')).toEqual([]);
});

test("Docker Hub's credentials are found under the name that docker login gives them", () => {
  const login = secretOf('hub', { 'https://index.docker.io/v1/': { auth: Buffer.from('me:a:b').toString('base64') } });
  const [found] = secretKeyring([login]).lookup('docker.io/library/nginx');
  expect(found?.auth).toEqual({ username: 'me', password: 'a:b' });
  expect(found?.secret).toEqual({ name: 'hub', namespace: 'team', uid: 'uid-hub' });
  expect(users([login], 'quay.io/nginx')).toEqual([]);
});

test('secrets of the older form count, those of other types do not, and what cannot be read names its secret', () => {
  expect(users([secretOf('old', { 'quay.io': { username: 'me' } }, 'kubernetes.io/dockercfg')], 'quay.io/app')).toEqual(['me']);
  expect(users([secretOf('opaque', { 'quay.io': { username: 'me' } }, 'Opaque')], 'quay.io/app')).toEqual([]);
  const broken = { ...secretOf('broken', {}), data: { '.dockerconfigjson': Buffer.from('{').toString('base64') } };
  expect(() => secretKeyring([broken])).toThrow('secret broken: holds no valid JSON under .dockerconfigjson');
  expect(() => secretKeyring([secretOf('odd', { 'quay.io': { auth: 'bWU=' } })])).toThrow(
    'secret odd: auth of "quay.io" is not base64(username:password)',
  );
});

test('equal credentials have one hash, whoever holds them, and others another', () => {
  const hash = (password: string) =>
    secretKeyring([secretOf('s', { 'quay.io': { username: 'me', password } })]).lookup('quay.io/a')[0]?.hash;
  expect(hash('one')).toBe(hash('one'));
  expect(hash('one')).not.toBe(hash('two'));
});

test.each([
  ['*.docker.io', 'blah.docker.io/a', true],
  ['*.docker.io', 'not.right.io/a', false],
  ['*.io', 'a.b.io/x', false],
  ['app*.k8s.io', 'app1.k8s.io/x', true],
  ['registry.io:8080/path', 'registry.io:8080/path/more', true],
  ['registry.io/path', 'registry.io:8080/path', false],
  ['registry.io/path', 'registry.io/other', false],
  ['a.b', 'axb/c', false],
])('%s names %s: %s', (pattern, repository, expected) => {
  expect(matchesImage(pattern, repository)).toBe(expected);
});
