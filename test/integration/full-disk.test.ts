// A control plane whose disk is full: a file system of 60 MB, which somebody else fills to the last byte and empties again, ten times.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigMap } from '@berth/api';
import { HttpClient, readKubeconfig } from '@berth/client';
import { isReason } from '@berth/machinery';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeCommand } from '../../apps/cli/src/programs.ts';
import { eventually } from '../../tools/cluster/eventually.ts';
import { root } from '../../tools/cluster/layout.ts';
import { ProcessFolder } from '../../tools/cluster/processes.ts';

const rounds = 10;
const writers = 4;
/** So that the objects alone do not fill the disk, however long a round takes. */
const createsPerRound = 300;
const pauseMs = 5;
const blockBytes = 64 * 1024;

let mount: string;
let records: string;
let processes: ProcessFolder;
let clients: HttpClient[];

beforeEach(async () => {
  mount = await mkdtemp('/tmp/berth-full-');
  records = await mkdtemp('/tmp/berth-full-run-');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=60m,mode=0700', 'berth-full', mount]);
  processes = new ProcessFolder(records);
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await processes.stop('control-plane');
  execFileSync('umount', [mount]);
  await Promise.all([mount, records].map((folder) => rm(folder, { recursive: true })));
});

const filler = () => join(mount, 'filler');

/** To the last byte, as a log or a download would. */
function fill(): void {
  const file = openSync(filler(), 'a');
  try {
    for (let bytes = blockBytes; bytes > 0; ) {
      try {
        writeSync(file, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(file);
  }
  expect(statfsSync(mount).bavail).toBe(0);
}

async function start(): Promise<HttpClient> {
  const command = [...nodeCommand('control-plane'), join(root, 'apps', 'control-plane', 'dist', 'main.js')];
  const addresses = ['--api-address', '127.0.0.1:0', '--gateway-address', '127.0.0.1:0', '--roles', 'api,controllers'];
  // Its log is on the disk that is full, as that of `npm run up` is.
  const log = openSync(join(mount, 'control-plane.log'), 'a');
  closeSync(log);
  const script = `exec "$@" >> '${join(mount, 'control-plane.log')}' 2>&1`;
  processes.start('control-plane', ['/bin/sh', '-c', script, 'sh', ...command, '--data-dir', join(mount, 'data'), ...addresses]);
  return eventually('the control plane to serve', 30_000, async () => {
    const client = new HttpClient(await readKubeconfig(join(mount, 'data', 'admin.kubeconfig')));
    clients.push(client);
    return (await client.text('/readyz')) === 'ok' ? client : undefined;
  });
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { text: name.repeat(100) },
});

/** Whether the server says that it is out of space. */
async function saysFull(client: HttpClient): Promise<boolean> {
  return client.text('/readyz?verbose').then(
    () => false,
    (error: Error) => /store-space failed/.test(error.message),
  );
}

test('a full disk ends no process: reads and deletions go on, writes are refused in words, and nothing acknowledged is lost', async () => {
  const client = await start();
  const before = processes.running('control-plane')?.pid;
  const acknowledged = new Set<string>();
  let stop = false;
  let allowed = createsPerRound;
  const write = async (writer: number) => {
    for (let index = 0; !stop; index++) {
      if (acknowledged.size >= allowed) {
        await sleep(pauseMs);
        continue;
      }
      const name = `object-${writer}-${index}`;
      try {
        await client.create(ConfigMap, configMap(name));
        acknowledged.add(name);
      } catch (error) {
        if (!isReason(error, 'ServiceUnavailable')) throw error;
        await sleep(pauseMs);
      }
    }
  };
  const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  try {
    for (let round = 0; round < rounds; round++) {
      await eventually('writes to be taken', 30_000, async () => acknowledged.size >= allowed || undefined);
      allowed += createsPerRound;
      fill();
      await eventually('/readyz to say that the disk is full', 30_000, async () => (await saysFull(client)) || undefined);
      const refusal = await client.create(ConfigMap, configMap(`refused-${round}`)).catch((error: unknown) => error);
      expect(isReason(refusal, 'ServiceUnavailable') && refusal.message).toMatch(/the request was not applied: .*free space/);
      const [victim = ''] = acknowledged;
      acknowledged.delete(victim);
      await client.delete(ConfigMap, { namespace: 'default', name: victim });
      expect((await client.list(ConfigMap, { namespace: 'default' })).items.some(({ metadata }) => metadata.name === victim)).toBe(false);
      rmSync(filler());
      await eventually('/readyz to say that it is well', 30_000, async () => ((await client.text('/readyz')) === 'ok' ? true : undefined));
      await client.create(ConfigMap, configMap(`round-${round}`));
      acknowledged.add(`round-${round}`);
    }
  } finally {
    stop = true;
    await writing;
  }
  expect(processes.running('control-plane')?.pid).toBe(before);
  await processes.crash('control-plane');
  const again = await start();
  const kept = new Set((await again.list(ConfigMap, { namespace: 'default' })).items.map(({ metadata }) => metadata.name));
  expect([...acknowledged].filter((name) => !kept.has(name))).toEqual([]);
  expect([...kept].filter((name) => name.startsWith('refused-'))).toEqual([]);
  expect(statSync(join(mount, 'control-plane.log')).size).toBeGreaterThan(0);
  expect(readFileSync(join(mount, 'control-plane.log'), 'utf8')).toContain('the disk is full: writes are refused');
});
