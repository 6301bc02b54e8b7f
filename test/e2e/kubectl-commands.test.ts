// Every kubectl command against a real cluster, with kubectl 1.35 and 1.32, line by line against goldens. After a change that
// is meant, UPDATE_GOLDENS=1 writes them anew; read the difference as a reviewer would.
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KubectlVersion, kubectlPath } from '../../tools/cluster/kubectl.ts';
import { cluster, kubectl } from './kubectl.ts';
import { files } from './kubectl-commands/files.ts';
import { topics } from './kubectl-commands/table.ts';
import { type Shell, transcriptOf } from './kubectl-commands/transcript.ts';
import { lane } from './lane.ts';

const namespace = 'golden';
const isUpdate = process.env.UPDATE_GOLDENS === '1';
const versions: KubectlVersion[] = ['1.35', '1.32'];
const topicTimeoutMs = 240_000;

async function openShell(version: KubectlVersion): Promise<Shell> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-goldens-'));
  for (const [name, content] of Object.entries(files())) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
    if (name.endsWith('.sh')) await chmod(join(directory, name), 0o755);
  }
  await mkdir(join(directory, 'bin'));
  await symlink(await kubectlPath(version), join(directory, 'bin', 'kubectl'));
  await copyFile(cluster().kubeconfig, join(directory, 'kubeconfig'));
  const env = {
    PATH: `${join(directory, 'bin')}:${process.env.PATH}`,
    KUBECONFIG: join(directory, 'kubeconfig'),
    KUBECACHEDIR: join(directory, 'cache'),
    HOME: directory,
    TZ: 'UTC',
    LC_ALL: 'C',
    IMAGE: lane().helloImage,
  };
  await transcriptOf({ directory, env }, [`kubectl config set-context --current --namespace=${namespace}`]);
  return { directory, env };
}

const goldenFile = (topic: string, version?: KubectlVersion) =>
  join(import.meta.dirname, 'kubectl-commands', 'goldens', `${topic.replaceAll(/[ ,]+/g, '-')}${version ? `.${version}` : ''}.txt`);

/** What 1.35 prints is the rule; where 1.32 differs, it has a file of its own. */
async function goldenOf(topic: string, version: KubectlVersion): Promise<string> {
  const own = version === '1.35' ? undefined : await readFile(goldenFile(topic, version), 'utf8').catch(() => undefined);
  return own ?? readFile(goldenFile(topic), 'utf8').catch(() => '');
}

async function update(topic: string, version: KubectlVersion, transcript: string): Promise<void> {
  if (version === '1.35') return writeFile(goldenFile(topic), transcript);
  await rm(goldenFile(topic, version), { force: true });
  if (transcript !== (await goldenOf(topic, version))) await writeFile(goldenFile(topic, version), transcript);
}

describe.each(versions)('kubectl %s', (version) => {
  let shell: Shell;

  beforeAll(async () => {
    shell = await openShell(version);
    await kubectl('create', 'namespace', namespace);
  });
  afterAll(async () => {
    await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=60s');
    if (shell) await rm(shell.directory, { recursive: true, force: true });
  });

  for (const { name, lines } of topics) {
    test(
      name,
      async () => {
        const transcript = await transcriptOf(shell, lines);
        if (isUpdate) await update(name, version, transcript);
        expect(transcript).toBe(await goldenOf(name, version));
      },
      topicTimeoutMs,
    );
  }
});
