// Builds the dashboard to dist.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** @throws when something does not compile */
export async function buildDashboard(): Promise<void> {
  // Loaded here, as most builds do not need it.
  const { build } = await import('vite');
  await build({ configFile: join(folder, 'vite.config.ts') });
}
