// The image of this program, for what of it runs in pods (scheduled backups, garbage collection of the registry): with the Node that runs it, and tar.
import { readFile } from 'node:fs/promises';
import { ownProgram } from '../programs.ts';
import { folder, type ImagePorts, imageOfPrograms, provideImage, text } from './image-of-programs.ts';

const repository = 'berth/backup';
const programPath = 'usr/lib/berth/berth.mjs';

/** Makes it if it is not there. @returns its name, for pods @throws Error where this program runs from its sources */
export async function provideProgramImage(ports: ImagePorts): Promise<string> {
  const own = await readFile(ownProgram(), 'utf8').catch((error: Error) => {
    throw new Error(`this program has no single file that an image could hold (${error.message}): npm run build makes it`);
  });
  const image = await imageOfPrograms(
    [
      { source: process.execPath, path: 'usr/bin/node' },
      { source: '/bin/tar', path: 'usr/bin/tar' },
    ],
    [
      ...['etc', 'lib', 'lib64', 'proc', 'sys', 'dev', 'usr', 'usr/bin', 'usr/lib', 'usr/lib/berth', 'data', 'backups'].map((path) =>
        folder(path),
      ),
      folder('tmp', 0o1777),
      text(programPath, own),
      text('etc/passwd', 'root:x:0:0:root:/:/\n'),
      text('etc/nsswitch.conf', 'hosts: files dns\n'),
    ],
  );
  const config = {
    Env: ['PATH=/usr/bin'],
    Entrypoint: ['/usr/bin/node', '--disable-warning=ExperimentalWarning', `/${programPath}`],
    Labels: { 'berth.io/part': 'backup' },
  };
  await provideImage(image, { repository, config, about: 'backups and garbage collection' }, ports);
  return `${ports.registry.host}/${repository}:${image.tag}`;
}
