// A volume that is mounted here, as a backup's pod has it: which file system it is, how large its disk is, and what it holds as an archive.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { volumeTarOptions } from '@berth/runtime/tar';

const sectorBytes = 512;
const saidCharactersMax = 2048;

/** @param folder without blanks, which the kernel's list writes otherwise @throws Error where nothing of a disk is mounted there */
export async function mountedDisk(folder: string): Promise<{ fileSystem: string; bytes: number }> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' '));
  const fields = lines.findLast(([, , , , point = '']) => point === folder);
  if (!fields) throw new Error(`no volume is mounted at ${folder}`);
  const fileSystem = fields[fields.indexOf('-') + 1] ?? '';
  const size = await readFile(`/sys/dev/block/${fields[2]}/size`, 'utf8').catch(() => {
    throw new Error(`what is mounted at ${folder} (${fileSystem}) has no disk of its own, as volumes with a size have`);
  });
  return { fileSystem, bytes: Number(size) * sectorBytes };
}

/** @throws Error with what tar says where it is not whole */
export async function* archiveOf(folder: string): AsyncGenerator<Buffer> {
  const tar = spawn('tar', ['--create', ...volumeTarOptions, '--one-file-system', '-C', folder, '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  tar.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-saidCharactersMax);
  });
  const ended = new Promise<number | null>((resolve, reject) => tar.once('error', reject).once('close', resolve));
  ended.catch(() => undefined);
  try {
    yield* tar.stdout as AsyncIterable<Buffer>;
    const code = await ended;
    if (code !== 0) throw new Error(`tar ended with ${code}: ${said.trim()}`);
  } finally {
    tar.kill('SIGKILL');
  }
}
