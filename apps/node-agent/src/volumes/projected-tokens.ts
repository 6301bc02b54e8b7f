// The service account tokens that a projected volume shows. A token that is there stays until a new one comes: losing the
// control plane for a while takes nothing from a pod.
import type { Volume } from '@berth/api';
import { currentFile } from './atomic-directory.ts';
import type { VolumeSources } from './volume-manager.ts';

const secondsDefault = 3600;

/** By path in the volume. Rejects when there is none and none to be had. */
export async function projectedTokens(volume: Volume, directory: string, sources: VolumeSources): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  for (const { serviceAccountToken: wanted } of volume.projected?.sources ?? []) {
    if (!wanted) continue;
    const { path = '', audience = '', expirationSeconds = secondsDefault } = wanted;
    try {
      tokens.set(path, (await sources.accountToken(audience, expirationSeconds)).token);
    } catch (error) {
      const held = (await currentFile(directory, path))?.toString();
      if (!held) throw error;
      tokens.set(path, held);
    }
  }
  return tokens;
}
