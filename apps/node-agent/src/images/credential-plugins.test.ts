import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseCommandLine } from '../command-line.ts';
import { CredentialPlugins, type RunPlugin } from './credential-plugins.ts';
import { parseCredentialProviders } from './credential-provider-config.ts';

const version = 'credentialprovider.kubelet.k8s.io/v1';

function configOf(more = ''): string {
  return `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: ecr
    apiVersion: ${version}
    matchImages: ["*.example.com"]
    defaultCacheDuration: 10m
    args: [get]
    env: [{ name: PROFILE, value: team }]
${more}`;
}

function responseOf(more: object = {}): string {
  const auth = { '*.example.com': { username: 'me', password: 'secret' } };
  return JSON.stringify({ kind: 'CredentialProviderResponse', apiVersion: version, cacheKeyType: 'Image', auth, ...more });
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-plugins-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function pluginsOf(answer: () => string | Promise<string>) {
  const clock = new SimulatedClock();
  const asked: string[] = [];
  const run: RunPlugin = async (_file, _args, _env, input) => {
    asked.push((JSON.parse(input) as { image: string }).image);
    return answer();
  };
  const plugins = new CredentialPlugins({
    providers: parseCredentialProviders(configOf()),
    directory: '/p',
    run,
    clock,
    logger: silentLogger,
  });
  return { plugins, clock, asked, users: async (image: string) => (await plugins.lookup(image)).map(({ auth }) => auth.username) };
}

describe('a credential provider', () => {
  test('is a program that is asked on its standard input, with the arguments and environment of its configuration', async () => {
    const script = `#!/bin/sh
{ cat; echo; echo "$0 $* $PROFILE"; } > ${join(folder, 'asked')}
echo '${responseOf()}'
`;
    await writeFile(join(folder, 'ecr'), script);
    await chmod(join(folder, 'ecr'), 0o755);
    await writeFile(join(folder, 'config.yaml'), configOf());
    const options = ['--image-credential-provider-config', join(folder, 'config.yaml'), '--image-credential-provider-bin-dir', folder];
    const config = parseCommandLine(['--data-dir', '/d', '--gateway', 'h:1', '--node-ip', '192.0.2.1', ...options], {})?.config;
    const { providers = [], providerDirectory: directory = '' } = config?.registries ?? {};
    const plugins = new CredentialPlugins({ providers, directory, clock: new SimulatedClock(), logger: silentLogger });
    expect((await plugins.lookup('a.example.com/team/app')).map(({ auth }) => auth)).toEqual([{ username: 'me', password: 'secret' }]);
    const [request = '', called] = (await readFile(join(folder, 'asked'), 'utf8')).split('\n');
    expect(JSON.parse(request)).toEqual({ kind: 'CredentialProviderRequest', apiVersion: version, image: 'a.example.com/team/app' });
    expect(called).toBe(`${join(folder, 'ecr')} get team`);
  });

  test('that fails, or says something else, leaves the image to be pulled without', async () => {
    for (const output of ['{', '{}', responseOf({ apiVersion: 'other' }), responseOf({ cacheKeyType: 'Never' }), responseOf({ auth: [] })])
      expect(await pluginsOf(() => output).users('a.example.com/app')).toEqual([]);
    const failing = pluginsOf(() => Promise.reject(new Error('no route')));
    expect(await failing.users('a.example.com/app')).toEqual([]);
    expect(await failing.users('a.example.com/app')).toEqual([]);
    expect(failing.asked).toHaveLength(2);
  });

  test('is asked about the images of its configuration only, and once by all who ask at the same time', async () => {
    const { users, asked } = pluginsOf(() => responseOf());
    expect(await users('example.com/app')).toEqual([]);
    await Promise.all([users('a.example.com/app'), users('a.example.com/app')]);
    expect(asked).toEqual(['a.example.com/app']);
  });

  test.each([
    ['Image', ['a.example.com/one', 'a.example.com/two', 'b.example.com/one']],
    ['Registry', ['a.example.com/one', 'b.example.com/one']],
    ['Global', ['a.example.com/one']],
  ])('whose answer holds for %s is asked so often', async (cacheKeyType, expected) => {
    const { users, asked } = pluginsOf(() => responseOf({ cacheKeyType }));
    for (const image of ['a.example.com/one', 'a.example.com/two', 'b.example.com/one', 'a.example.com/one'])
      expect(await users(image)).toEqual(['me']);
    expect(asked).toEqual(expected);
  });

  test.each([
    [undefined, 600],
    ['1m0s', 60],
    ['0s', 0],
  ])('whose answer holds for %s is asked again after %i s', async (cacheDuration, seconds) => {
    const { users, asked, clock } = pluginsOf(() => responseOf({ cacheDuration }));
    await users('a.example.com/app');
    if (seconds > 0) {
      await clock.advance(seconds * 1000 - 1);
      await users('a.example.com/app');
      expect(asked).toHaveLength(1);
    }
    await clock.advance(1);
    await users('a.example.com/app');
    expect(asked).toHaveLength(2);
  });
});

test.each([
  ['kind: Other', 'kind: "Other" is not CredentialProviderConfig'],
  [configOf().replace('kubelet.config.k8s.io/v1', 'v1'), 'apiVersion: "v1" is not kubelet.config.k8s.io/v1'],
  [configOf().replace('name: ecr', 'name: ../ecr'), 'providers[0].name: "../ecr" is not the name of a program'],
  [configOf().replace(`    apiVersion: ${version}\n`, ''), 'providers[0].apiVersion: undefined is not one of'],
  [configOf().replace('["*.example.com"]', '[]'), 'providers[0].matchImages: at least one is required'],
  [configOf().replace('10m', 'soon'), 'providers[0].defaultCacheDuration: "soon" is not a duration'],
  [configOf('    tokenAttributes: {}'), 'providers[0].tokenAttributes: tokens of service accounts are not given to providers'],
  [configOf(configOf().split('providers:\n')[1]), 'providers[1].name: "ecr" is there twice'],
])('a configuration that is wrong names the field: %#', (text, message) => {
  expect(() => parseCredentialProviders(text)).toThrow(message);
});

test('a program that is not there, and one option without the other, are said before anything starts', async () => {
  await writeFile(join(folder, 'config.yaml'), configOf());
  const parse = (...options: string[]) =>
    parseCommandLine(['--data-dir', '/d', '--gateway', 'h:1', '--node-ip', '192.0.2.1', ...options], {});
  const config = ['--image-credential-provider-config', join(folder, 'config.yaml')];
  expect(() => parse(...config)).toThrow('go together: say both');
  expect(() => parse(...config, '--image-credential-provider-bin-dir', folder)).toThrow(`${join(folder, 'ecr')} is no program`);
});
