// The image of the builder in the cluster's registry: made with the first build, and again once what it is made of has changed.
import { spawnSync } from 'node:child_process';
import { builderImage, missingPackages } from './builder-image.ts';
import { type ImagePorts, provideImage } from './image-of-programs.ts';

const repository = 'berth/builder';

export interface BuilderImageName {
  /** For pods. */
  name: string;
  /** Makes it if it is not there. */
  provide(): Promise<void>;
}

/** @throws Error that says what to install */
export async function builderImageName(ports: ImagePorts): Promise<BuilderImageName> {
  const missing = missingPackages();
  if (missing.length > 0) install(missing, ports.progress);
  const image = await builderImage();
  const config = { Env: ['PATH=/usr/bin:/bin'], Labels: { 'berth.io/part': 'builder' } };
  return {
    name: `${ports.registry.host}/${repository}:${image.tag}`,
    provide: () => provideImage(image, { repository, config, about: 'builds' }, ports),
  };
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
