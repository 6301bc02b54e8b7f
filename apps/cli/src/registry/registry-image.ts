// The image of the registry itself: docker-registry of Debian, with what it loads.
import { existsSync } from 'node:fs';
import { folder, imageOfPrograms, type ProgramImage, text } from '../build/image-of-programs.ts';

const program = '/usr/bin/docker-registry';
export const registryRepository = 'berth/registry';
export const registryImageConfig = {
  Env: ['PATH=/usr/bin'],
  Entrypoint: [program, 'serve', '/etc/registry/config.yml'],
  Labels: { 'berth.io/part': 'registry' },
};

/** @throws Error that says what to install */
export function registryImage(): Promise<ProgramImage> {
  if (!existsSync(program))
    throw new Error('this machine has no docker-registry for the image: apt-get install -y --no-install-recommends docker-registry');
  const folders = ['data', 'etc', 'etc/registry', 'etc/ssl', 'etc/ssl/certs', 'lib', 'lib64', 'lib/x86_64-linux-gnu', 'proc', 'sys', 'dev'];
  return imageOfPrograms(
    [{ source: program, path: program.slice(1) }],
    [
      ...[...folders, 'run', 'usr', 'usr/bin'].map((path) => folder(path)),
      folder('tmp', 0o1777),
      text('etc/passwd', 'root:x:0:0:root:/:/\nregistry:x:65532:65532:registry:/:/\n'),
      text('etc/nsswitch.conf', 'hosts: files dns\n'),
    ],
  );
}
