import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@berth/telemetry';
import { expect, onTestFinished, test } from 'vitest';
import { ManifestFolder } from './manifest-folder.ts';

const manifest = (name: string, image = 'web:1') =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image }] } });

async function folderWith(files: Record<string, string>) {
  const directory = await mkdtemp(join(tmpdir(), 'berth-manifests-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const write = async (name: string, text: string) => writeFile(join(directory, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const seen: string[][] = [];
  const events: string[] = [];
  let next = Promise.withResolvers<void>();
  const folder = new ManifestFolder({
    ...{ directory, nodeName: 'n1', clock: systemClock, logger: silentLogger },
    changed: (pods) => {
      seen.push(pods.map(({ metadata, spec }) => `${metadata.name} ${spec.containers[0]?.image}`));
      next.resolve();
      next = Promise.withResolvers();
    },
    event: (_reason, message) => events.push(message.replace(directory, '')),
  });
  return { folder, directory, write, seen, events, changed: () => next.promise };
}

test('the pods of all files are known, hidden files and folders are passed over, and nothing is said while nothing changes', async () => {
  const { folder, write, seen, events, directory } = await folderWith({
    'b.yaml': manifest('b'),
    a: manifest('a'),
    '.swp': 'x',
    broken: 'no',
  });
  await folder.read();
  await folder.read();
  expect([seen, events]).toEqual([[['a-n1 web:1', 'b-n1 web:1']], ['/broken: there is no Pod in it']]);
  await write('a', manifest('a', 'web:2'));
  await folder.read();
  await rm(join(directory, 'b.yaml'));
  await folder.read();
  expect(seen.slice(1)).toEqual([['a-n1 web:2', 'b-n1 web:1'], ['a-n1 web:2']]);
});

test('a file that has become wrong takes nothing away; of two files with one pod the first has it', async () => {
  const { folder, write, seen, events } = await folderWith({ a: manifest('a') });
  await folder.read();
  await write('a', 'apiVersion: [');
  await folder.read();
  await write('a', manifest('a'));
  await write('z', manifest('a', 'other:1'));
  await folder.read();
  expect([seen[0], seen.at(-1)]).toEqual([['a-n1 web:1'], ['a-n1 web:1']]);
  expect(events.at(-1)).toContain('another file has pod default/a-n1');
});

test('changes are seen as they are made', async () => {
  const { folder, write, seen, changed } = await folderWith({});
  await folder.start();
  onTestFinished(() => folder.stop());
  expect(seen).toEqual([[]]);
  const next = changed();
  await write('a', manifest('a'));
  await next;
  expect(seen.at(-1)).toEqual(['a-n1 web:1']);
});
