// What a file with options may hold, and that whatever is wrong with it is said with its name and the key.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

const options = {
  config: { type: 'string' },
  'cluster-cidr': { type: 'string', default: '10.0.0.0/8' },
  'node-labels': { type: 'string' },
  issuer: { type: 'string', multiple: true },
  port: { type: 'string', default: '1' },
  quiet: { type: 'boolean', default: false },
  'tear-down': { type: 'boolean', default: false },
} as const;

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-options-'));
  file = join(directory, 'server.yaml');
});
afterEach(() => rmSync(directory, { recursive: true }));

function parse(text: string, ...more: string[]) {
  writeFileSync(file, text);
  return parseOptions(['--config', file, ...more], options, (values) => values);
}

test('the command line goes before the file, and that before defaults', () => {
  const text = 'cluster-cidr: 10.1.0.0/16\nport: 07\nquiet: true\n';
  expect(parse(text, '--port', '9')).toMatchObject({ 'cluster-cidr': '10.1.0.0/16', port: '9', quiet: true });
  expect(parse(text)).toMatchObject({ port: '07' });
  expect(parse('# nothing yet\n')).toMatchObject({ 'cluster-cidr': '10.0.0.0/8', port: '1', quiet: false });
});

test('lists and mappings stand for what an option separates by commas', () => {
  expect(parse('node-labels: {zone: a, rack: 1.10}\nissuer: [https://a, https://b]\n')).toMatchObject({
    'node-labels': 'zone=a,rack=1.10',
    issuer: ['https://a', 'https://b'],
  });
  expect(parse('node-labels:\n- zone=a\n- rack=7\n')).toMatchObject({ 'node-labels': 'zone=a,rack=7' });
});

test.each([
  ['clutser-cidr: 1\n', 'unknown key "clutser-cidr"; did you mean cluster-cidr?'],
  ['elephants: 1\n', 'unknown key "elephants"; keys are the options of --help'],
  ['tear-down: true\n', 'unknown key "tear-down"'],
  ['config: /x\n', 'unknown key "config"'],
  ['port:\n', 'port: has no value'],
  ['quiet: "yes"\n', 'quiet: is not true or false'],
  ['port: [[1]]\n', 'port: is neither a text nor a list'],
  ['- port\n', 'is not a list of keys'],
  ['port: 1\nport: 2\n', 'Map keys must be unique'],
  ['port: {\n', 'at line'],
])('%j is refused with the file', (text, message) => {
  expect(() => parse(text)).toThrow(UsageError);
  expect(() => parse(text)).toThrow(`${file}: `);
  expect(() => parse(text)).toThrow(message);
});

test('a value that its option refuses is named by where it came from', () => {
  const refuse = (name: string) => () => {
    throw new UsageError(`--${name}: "x" is wrong`);
  };
  writeFileSync(file, 'port: x\n');
  expect(() => parseOptions(['--config', file], options, refuse('port'))).toThrow(`${file}: port: "x" is wrong`);
  expect(() => parseOptions(['--config', file, '--port', 'x'], options, refuse('port'))).toThrow(/^--port: "x" is wrong/);
  expect(() => parseOptions(['--config', file], options, refuse('cluster-cidr'))).toThrow(/^--cluster-cidr/);
});

test('a file that is not there is named', () => {
  expect(() => parseOptions(['--config', '/no/such/file'], options, (values) => values)).toThrow(
    "--config: ENOENT: no such file or directory, open '/no/such/file'",
  );
});
