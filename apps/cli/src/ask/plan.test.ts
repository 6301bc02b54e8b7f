// What is read of files, and how a plan is printed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { UsageError } from '@berth/telemetry/command-line';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { objectsIn, readManifests } from './manifests.ts';
import { planText, runPlan } from './plan.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-plan-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const object = (name: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}}`;

test('several documents, lists, folders in the order of names, and the standard input', async () => {
  await writeFile(join(folder, 'b.yaml'), `${object('two')}\n---\n# nothing\n---\n${object('three')}\n`);
  await writeFile(
    join(folder, 'a.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'one' } }] }),
  );
  await writeFile(join(folder, 'notes.txt'), 'no object');
  const read = await readManifests([folder, '-'], Readable.from([object('four')]));
  expect(read.map(({ metadata }) => metadata.name)).toEqual(['one', 'two', 'three', 'four']);
});

test.each([
  ['a: [', /f.yaml, line \d/],
  ['- 1', 'f.yaml: it is no object'],
  [`${object('a')}\n---\nkind: Pod\nmetadata: {name: b}`, 'f.yaml, document 2: apiVersion is not set'],
  ['{apiVersion: v1, kind: Pod}', 'f.yaml: metadata.name is not set'],
  ['{apiVersion: v1, kind: Pod, metadata: {generateName: a-}}', 'metadata.generateName cannot be applied'],
])('refused with its place: %s', (content, message) => {
  expect(() => objectsIn(content, 'f.yaml')).toThrow(message);
  expect(() => objectsIn(content, 'f.yaml')).toThrow(UsageError);
});

test('files that are not there, folders without objects, and nothing at all', async () => {
  const empty = Readable.from(['']);
  await expect(readManifests([join(folder, 'none.yaml')], empty)).rejects.toThrow('cannot be read');
  await expect(readManifests([folder], empty)).rejects.toThrow('holds no file that ends with');
  await expect(readManifests(['-'], empty)).rejects.toThrow('there is no object in -');
  await expect(runPlan([], () => undefined)).rejects.toThrow('name a file: -f FILE');
  await expect(runPlan(['web.yaml'], () => undefined)).rejects.toThrow('it is: berth plan -f FILE, not "web.yaml"');
});

test('a plan: objects with their diffs, then pods that fare alike in one line, then how many of each', () => {
  const workload = 'Deployment shop/web';
  const pods = [
    { workload, node: 'n1', orElse: ['n2'] },
    { workload, node: 'n1', orElse: ['n2'] },
    { workload, node: 'n2', victims: ['shop/low'] },
    { workload, message: '0/2 nodes are available' },
    { workload, message: 'exceeded quota: q', isRefused: true as const },
  ];
  const objects = [
    { object: workload, action: 'changed' as const, diff: '@@ -1 +1 @@\n-a: 1\n+a: 2\n', notes: ['more'] },
    { object: 'Service shop/web', action: 'refused' as const, refusal: 'no', notes: [] },
  ];
  expect(planText({ objects, pods, notes: ['not all is known'] })).toBe(
    [
      'Deployment shop/web: changed',
      '    @@ -1 +1 @@',
      '    -a: 1',
      '    +a: 2',
      '  note: more',
      'Service shop/web: refused: no',
      'pods of Deployment shop/web: 5 new',
      '  2 on n1 (or, as good, n2)',
      '  1 on n2, for which these would be removed: shop/low',
      '  1 would wait: 0/2 nodes are available',
      '  1 would be refused: exceeded quota: q',
      'note: not all is known',
      '1 changed, 1 refused',
    ].join('\n'),
  );
});
