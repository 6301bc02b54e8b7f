// A configuration file that changes: what is put into force, what is not, and what is tried again.
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigurationFile, type ConfigurationFileOptions, type ReloadStatus } from './configuration-file.ts';

const naming = (issuer: string) =>
  `{apiVersion: apiserver.config.k8s.io/v1, kind: AuthenticationConfiguration, jwt: [{issuer: {url: "https://${issuer}", audiences: [k]}, claimMappings: {username: {expression: claims.sub}}}]}`;

let directory: string;
let file: string;
let watched: ConfigurationFile | undefined;
/** Issuers that were put into force, and how each reload ended. */
let applied: string[];
let statuses: ReloadStatus[];
let wake: () => void;
let reloaded: Promise<void>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-configuration-'));
  file = join(directory, 'authentication.yaml');
  await writeFile(file, naming('first'));
  [applied, statuses] = [[], []];
  expectReload();
});
afterEach(async () => {
  await watched?.stop();
  await rm(directory, { recursive: true });
});

function expectReload(): void {
  ({ promise: reloaded, resolve: wake } = Promise.withResolvers<void>());
}

function follow(more: Partial<ConfigurationFileOptions> = {}): ConfigurationFile {
  watched = new ConfigurationFile({
    file,
    content: naming('first'),
    apply: async (providers) => void applied.push(...providers.map(({ issuer }) => issuer)),
    onReload(status) {
      statuses.push(status);
      wake();
    },
    clock: systemClock,
    logger: silentLogger,
    ...more,
  });
  return watched;
}

test('a file that is as it was changes nothing', async () => {
  await follow().look();
  expect(statuses).toEqual([]);
});

test('what is written into the file is put into force', async () => {
  follow().start();
  await writeFile(file, naming('second'));
  await reloaded;
  expect([applied, statuses]).toEqual([['https://second'], ['success']]);
});

test('so is a file that takes its place, and what a link beside it leads to', async () => {
  follow().start();
  await writeFile(`${file}.new`, naming('second'));
  await rename(`${file}.new`, file);
  await reloaded;
  expectReload();
  await watched?.stop();
  await writeFile(join(directory, '..first'), naming('second'));
  await writeFile(join(directory, '..second'), naming('third'));
  await symlink('..first', join(directory, '..data'));
  await symlink('..data', join(directory, 'linked.yaml'));
  follow({ file: join(directory, 'linked.yaml'), content: naming('second') }).start();
  await symlink('..second', join(directory, '..data_new'));
  await rename(join(directory, '..data_new'), join(directory, '..data'));
  await reloaded;
  expect(applied).toEqual(['https://second', 'https://third']);
});

test('what cannot be used is told of once, and changes nothing', async () => {
  const one = follow();
  await writeFile(file, naming('second').replace('claims.sub', 'claims.'));
  await one.look();
  await one.look();
  expect([applied, statuses]).toEqual([[], ['failure']]);
  await writeFile(file, naming('first'));
  await one.look();
  expect([applied, statuses]).toEqual([['https://first'], ['failure', 'success']]);
});

test('a file that is away changes nothing', async () => {
  const one = follow();
  await rm(file);
  await one.look();
  await writeFile(file, naming('first'));
  await one.look();
  expect([applied, statuses]).toEqual([[], ['failure']]);
});

test('a provider that cannot be reached is tried again within a minute, without a change', async () => {
  const clock = new SimulatedClock();
  let failures = 1;
  follow({
    clock,
    apply: async ([provider]) => {
      if (failures-- > 0) throw new Error('not reached');
      applied.push(provider?.issuer ?? '');
    },
  }).start();
  await writeFile(file, naming('second'));
  await watched?.look();
  expect([applied, statuses]).toEqual([[], ['failure']]);
  expectReload();
  await clock.advance(60_000);
  await reloaded;
  expect([applied, statuses]).toEqual([['https://second'], ['failure', 'success']]);
});

test('a change while another is put into force is not missed', async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const one = follow({
    apply: async ([provider]) => {
      begun.resolve();
      await gate.promise;
      applied.push(provider?.issuer ?? '');
    },
  });
  await writeFile(file, naming('second'));
  const looking = one.look();
  await begun.promise;
  await writeFile(file, naming('third'));
  const again = one.look();
  gate.resolve();
  await Promise.all([looking, again]);
  expect(applied).toEqual(['https://second', 'https://third']);
});
