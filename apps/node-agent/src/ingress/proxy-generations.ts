// The proxy's files on disk: a folder for each configuration, and a link to the one in force, so that what is not good yet never lies where a
// proxy that starts anew reads. Keys of certificates are among them: nobody but root reads any.
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../network/commands.ts';
import { mainFile, type ProxyFiles } from './haproxy-config.ts';

const prefix = 'v-';
const current = 'current';

export class ProxyGenerations {
  readonly #directory: string;

  /** @param directory of the agent's alone */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** What the proxy is started with, whichever configuration is in force. */
  get configFile(): string {
    return join(this.#directory, current, mainFile);
  }

  /** Where the files of a version lie. */
  folder(version: string): string {
    return join(this.#directory, `${prefix}${version}`);
  }

  async create(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  /** @throws Error with what HAProxy says of it; it is not in force then */
  async write({ version, files }: ProxyFiles): Promise<void> {
    const folder = this.folder(version);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [name, text] of files) await writeFile(join(folder, name), text, { mode: 0o600 });
    await runCommand('haproxy', ['-c', '-q', '-f', join(folder, mainFile)]).catch((error: Error) => {
      const isMissing = (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      throw isMissing ? new Error(`${error.message}; install the Debian package haproxy`, { cause: error }) : error;
    });
  }

  async putInForce(version: string): Promise<void> {
    const link = join(this.#directory, `${current}.new`);
    await rm(link, { force: true });
    await symlink(`${prefix}${version}`, link);
    await rename(link, join(this.#directory, current));
  }

  /** All but one. */
  async removeOthers(version: string): Promise<void> {
    const names = await readdir(this.#directory);
    for (const name of names) {
      if (name.startsWith(prefix) && name !== `${prefix}${version}`) await rm(join(this.#directory, name), { recursive: true });
    }
  }
}
