// What is typed at `berth compose`, and what needs no cluster: the objects as YAML, refusals, warnings, what is an orphan.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { projectLabel, serviceLabel } from '@berth/compose';
import { UsageError } from '@berth/telemetry/command-line';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { isInState } from './awaited-state.ts';
import { runCompose } from './compose.ts';
import { composeArguments } from './compose-options.ts';
import { logLines } from './logs.ts';
import { orphans } from './up.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-compose-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function compose(argv: string[], { stdin = '', environment = {}, from = directory } = {}) {
  const printed: string[] = [];
  const warned: string[] = [];
  const code = await runCompose(argv, {
    print: (text) => printed.push(text),
    warn: (text) => warned.push(text),
    isTerminal: false,
    stdin: Readable.from([stdin]),
    environment,
    directory: from,
    signal: new AbortController().signal,
  });
  return { code, text: printed.join('\n'), warned };
}

test('options before and after the command; -f of logs follows', () => {
  expect(composeArguments(['-f', 'a', '--file=b', '-p', 'x', 'up', '-d', 'web', '--profile', 'dev'])).toMatchObject({
    command: 'up',
    files: ['a', 'b'],
    projectName: 'x',
    isDetached: true,
    services: ['web'],
    profiles: ['dev'],
  });
  expect(composeArguments(['-f', 'a', 'logs', '-f', '--tail', '5', 'web'])).toMatchObject({
    command: 'logs',
    files: ['a'],
    follows: true,
    tail: 5,
    services: ['web'],
  });
  expect(composeArguments(['down', '-v'])).toMatchObject({ command: 'down', removesVolumes: true });
  for (const argv of [['start'], ['up', '-v'], ['ps', '-o', 'yaml'], ['logs', '--tail', 'x'], ['--nonsense', 'up']])
    expect(() => composeArguments(argv), argv.join(' ')).toThrow(UsageError);
});

test('config prints the objects of the file of this folder or one above, with what overrides it; warnings go elsewhere', async () => {
  mkdirSync(join(directory, 'below'));
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Compose
  writeFileSync(join(directory, 'compose.yaml'), 'name: shop\nservices: {web: {image: "nginx:${TAG}", logging: {}}}');
  writeFileSync(join(directory, 'compose.override.yaml'), 'services: {web: {restart: "no"}}');
  writeFileSync(join(directory, '.env'), 'TAG=1');
  const { code, text, warned } = await compose(['config'], { from: join(directory, 'below') });
  expect({ code, warned }).toEqual({ code: 0, warned: [expect.stringContaining('warning: services.web.logging does not act')] });
  const documents = parseAllDocuments(text);
  expect(Array.isArray(documents) && documents.map((document) => document.toJS())).toMatchObject([
    { kind: 'Namespace', metadata: { name: 'shop' } },
    { kind: 'Service', metadata: { name: 'web', namespace: 'shop' } },
    { kind: 'Job', spec: { template: { spec: { containers: [{ image: 'nginx:1' }] } } } },
  ]);
});

test('a file of the standard input, and one that holds no text as a secret', async () => {
  writeFileSync(join(directory, 'key'), Buffer.from([0xff, 0x00]));
  const stdin = 'services: {web: {image: x, secrets: [k], configs: [c]}}\nsecrets: {k: {file: key}}\nconfigs: {c: {file: key}}';
  const { text } = await compose(['-p', 'Given', '-f', '-', 'convert'], { stdin });
  expect(text).toContain('name: given');
  expect(text).toContain('binaryData:\n  content: /wA=');
});

test('what is wrong is said with its file and line', async () => {
  writeFileSync(join(directory, 'bad.yaml'), 'services:\n  web:\n    imag: x\n');
  await expect(compose(['-f', 'bad.yaml', 'config'])).rejects.toThrow(
    `${directory}/bad.yaml, line 3: services.web.imag: there is no such key: did you mean image?`,
  );
  await expect(compose(['-f', 'gone.yaml', 'config'])).rejects.toThrow(`there is no file ${directory}/gone.yaml`);
  await expect(compose(['config'], { environment: { COMPOSE_FILE: 'bad.yaml:gone.yaml' } })).rejects.toThrow('bad.yaml, line 3');
  await expect(compose(['-f', '.', 'config'])).rejects.toThrow('is a folder: a file is needed');
  await expect(compose([])).rejects.toThrow(UsageError);
});

test('orphans: what the files no longer have, but not what a profile hides or another service has', () => {
  const object = (kind: string, name: string, service?: string) => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, labels: { [projectLabel]: 'shop', ...(service && { [serviceLabel]: service }) } },
  });
  const made = {
    name: 'shop',
    namespace: object('Namespace', 'shop'),
    parts: [object('Service', 'web', 'web'), object('ConfigMap', 'site')],
    workloads: [{ service: 'web', workload: object('Deployment', 'web', 'web'), after: [] }],
    inactive: [],
    warnings: [],
  };
  const there = [
    ...[...made.parts, made.workloads[0]?.workload ?? object('x', 'x'), object('Job', 'web', 'web'), object('Deployment', 'old', 'old')],
    ...[object('Service', 'alias'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' } }],
  ];
  const names = (more: object, isPart: boolean) =>
    orphans({ ...made, ...more }, there, isPart).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(names({}, false)).toEqual(['Job web', 'Deployment old', 'Service alias']);
  expect(names({}, true)).toEqual(['Job web']);
  expect(names({ inactive: ['old'] }, false)).toEqual(['Job web']);
});

test('when a workload is ready, and a Job that has failed', () => {
  const deployment = (status: object) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', generation: 2 },
    spec: { replicas: 2 },
    status,
  });
  const all = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  expect(isInState(deployment(all), 'ready')).toBe(true);
  for (const less of [{ observedGeneration: 1 }, { replicas: 3 }, { updatedReplicas: 1 }, { availableReplicas: 1 }])
    expect(isInState(deployment({ ...all, ...less }), 'ready')).toBe(false);
  const job = (type: string) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j' },
    status: { conditions: [{ type, status: 'True', message: 'no luck' }] },
  });
  expect(isInState(job('Complete'), 'completed')).toBe(true);
  expect(isInState(job('Suspended'), 'completed')).toBe(false);
  expect(() => isInState(job('Failed'), 'ready')).toThrow('j has failed: no luck');
});

test('lines of a log: empty ones stay, characters are whole, the last one may have no end', async () => {
  const bytes = Buffer.from('a\n\nü');
  const lines: string[] = [];
  for await (const line of logLines(Readable.from([bytes.subarray(0, 4), bytes.subarray(4)]))) lines.push(line);
  expect(lines).toEqual(['a', '', 'ü']);
});
