// Builds the dashboard to dist, and holds what a browser has to load before it shows anything to its budget.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('.', import.meta.url));

const firstLoadBytesMax = 250_000;

/** @throws when something does not compile, or the first load is over its budget */
export async function buildDashboard(): Promise<void> {
  // Loaded here, as most builds do not need it.
  const { build } = await import('vite');
  await build({ configFile: join(folder, 'vite.config.ts') });
  const bytes = firstLoadBytes(join(folder, 'dist'));
  if (bytes > firstLoadBytesMax) {
    throw new Error(`the dashboard's first load is ${bytes} bytes compressed, of at most ${firstLoadBytesMax}: load more of it lazily`);
  }
}

/** Compressed: the page and what it names, which loads before anything shows. */
function firstLoadBytes(dist: string): number {
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  const named = [...page.matchAll(/(?:src|href)="\/ui\/([^"]+)"/g)].map(([, path = '']) => join(dist, path));
  if (named.length === 0) throw new Error('the page of the dashboard names no files');
  return [join(dist, 'index.html'), ...named].reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
}
