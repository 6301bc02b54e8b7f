// Unpacks an archive that is not trusted into an empty folder: whatever its names, links and sizes say, nothing outside of the folder is written. What
// tar will not take ends it with tar's own words. GNU tar takes away what leads upwards, and makes links last of all, once no file can come
// through them.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { volumeTarOptions } from '@berth/runtime/tar';

const saidCharactersMax = 2048;

export interface UnpackedArchive {
  /** The folder. */
  point: string;
  /** Of the archive, in hexadecimal digits. */
  sha256: string;
  /** How tar is run here. */
  tar(args: string[]): [program: string, args: string[]];
}

/** @throws Error that says why it is not unpacked, or not the one that was meant; what is there then is not whole */
export async function unpackArchive(archive: AsyncIterable<Uint8Array>, { point, sha256, tar: command }: UnpackedArchive): Promise<void> {
  const options = [
    ...volumeTarOptions.filter((option) => option !== '--sparse'),
    '--same-owner',
    '--same-permissions',
    '--delay-directory-restore',
    // Reads to the end of what comes: one that ends at the archive's own would not be there to be told of it.
    '--ignore-zeros',
  ];
  const tar = spawn(...command(['--extract', ...options, '-C', point]), { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = endOf(tar);
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const chunk of archive) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    // What tar says of its end is the better reason.
    const sent = pipeline(hashed(), tar.stdin).catch(async (error: Error) => {
      tar.stdin.destroy();
      await ended;
      throw error;
    });
    await Promise.all([sent, ended]);
  } finally {
    tar.kill('SIGKILL');
    await ended.catch(() => undefined);
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw new Error(`the archive is not the one that was meant: its SHA-256 is ${found}, not ${sha256}`);
}

/** @throws Error with what it said, unless it went well */
export function endOf(program: ChildProcess): Promise<void> {
  let said = '';
  program.stderr?.on('data', (data) => {
    said = `${said}${data}`.slice(0, saidCharactersMax);
  });
  const ended = new Promise<void>((resolve, reject) => {
    program.once('error', reject);
    program.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`tar: ${said.trim() || `ended with ${code ?? signal}`}`));
    });
  });
  // Somebody waits for it, if perhaps later.
  ended.catch(() => undefined);
  return ended;
}
