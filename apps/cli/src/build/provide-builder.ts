// The image of the builder in the cluster's registry: made with the first build, and again once what it is made of has changed.
import { spawnSync } from 'node:child_process';
import { builderImage, missingPackages } from './builder-image.ts';
import type { ClusterRegistry } from './registry.ts';

const repository = 'berth/builder';

export interface BuilderPorts {
  registry: ClusterRegistry;
  progress(line: string): void;
  signal: AbortSignal;
}

/** @returns its name, for pods @throws Error that says what to install */
export async function provideBuilder({ registry, progress, signal }: BuilderPorts): Promise<string> {
  const missing = missingPackages();
  if (missing.length > 0) install(missing, progress);
  const { tag, layer } = await builderImage();
  const name = `${registry.host}/${repository}:${tag}`;
  if ((await registry.digestOf(repository, tag)) !== undefined) return name;
  progress('making the image that builds run in, which is done once');
  await registry.push(repository, once(layer), { Env: ['PATH=/usr/bin:/bin'], Labels: { 'berth.io/part': 'builder' } }, tag, signal);
  return name;
}

function install(packages: string[], progress: (line: string) => void): void {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0)
    throw new Error(
      `the first build needs programs that this machine misses (${packages.join(', ')}): run as root ${command}, or this as root`,
    );
  progress(`installing ${packages.join(', ')}`);
  // RUNLEVEL=1 keeps package scripts from starting what they bring.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update', '-q'], command.split(' ').slice(1)]) {
    const { status, stdout, stderr, error } = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`.slice(-2000)}`);
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
