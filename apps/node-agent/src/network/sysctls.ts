// Kernel settings that services need. They stay when the node goes: others on this machine may have come to rely on them.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = '/proc/sys';

/** @param settings path below /proc/sys → value. @throws Error naming the setting that cannot be written */
export async function ensureSysctls(settings: Record<string, string>): Promise<void> {
  for (const [path, value] of Object.entries(settings)) {
    if ((await readSysctl(path)) === value) continue;
    try {
      await writeFile(join(root, path), value);
    } catch (error) {
      throw new Error(`cannot set ${path.replaceAll('/', '.')} to ${value}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** Undefined when this kernel has no such setting. */
export async function readSysctl(path: string): Promise<string | undefined> {
  const file = join(root, path);
  return existsSync(file) ? (await readFile(file, 'utf8')).trim() : undefined;
}
