// Builds the dashboard to dist, unless what is there is newer than everything it is made of.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const libraries = ['api', 'machinery'].map((name) => join(folder, '..', '..', 'libs', name, 'src'));

/** Resolves with the page's file. @throws when something does not compile */
export async function buildDashboard(): Promise<string> {
  const page = join(folder, 'dist', 'index.html');
  const builtMs = await changedMs(page);
  const inputs = [join(folder, 'index.html'), join(folder, 'vite.config.ts'), join(folder, 'src'), ...libraries];
  const newestMs = Math.max(...(await Promise.all(inputs.map(newestIn))));
  if (builtMs > newestMs) return page;
  // Loaded here, as most builds do not need it.
  const { build } = await import('vite');
  await build({ configFile: join(folder, 'vite.config.ts') });
  return page;
}

async function newestIn(path: string): Promise<number> {
  const own = await changedMs(path);
  if (!(await stat(path)).isDirectory()) return own;
  const entries = await readdir(path, { recursive: true });
  return Math.max(own, ...(await Promise.all(entries.map((entry) => changedMs(join(path, entry))))));
}

/** 0 when there is no such file. */
async function changedMs(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found?.mtimeMs ?? 0;
}
