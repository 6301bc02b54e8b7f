// The service account tokens that a projected volume shows. A token that is there stays until a new one comes: losing the
// control plane for a while takes nothing from a pod.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '@berth/api';
import type { VolumeSources } from './volume-manager.ts';

const secondsDefault = 3600;

/** By path in the volume. Rejects when there is none and none to be had. */
export async function projectedTokens(volume: Volume, directory: string, sources: VolumeSources): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  for (const { serviceAccountToken: wanted } of volume.projected?.sources ?? []) {
    if (!wanted) continue;
    const { path = '', audience = '', expirationSeconds = secondsDefault } = wanted;
    try {
      tokens.set(path, await sources.accountToken(audience, expirationSeconds));
    } catch (error) {
      const held = await currentFile(join(directory, '..data', path));
      if (!held) throw error;
      tokens.set(path, held);
    }
  }
  return tokens;
}

async function currentFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
