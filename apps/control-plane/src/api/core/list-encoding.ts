// A list's JSON, joined from its objects' bytes without parsing any of them.
import { apiVersionOf, type KindDefinition } from '@berth/machinery';
import type { ListAnswer } from './types.ts';

const encoder = new TextEncoder();
const comma = encoder.encode(',');
const end = encoder.encode(']}\n');

/** Chunks to send one after the other. */
export function listChunks(kind: KindDefinition, list: ListAnswer): Uint8Array[] {
  const metadata = {
    resourceVersion: list.resourceVersion,
    ...(list.continue && { continue: list.continue }),
    ...(list.remainingItemCount !== undefined && { remainingItemCount: list.remainingItemCount }),
  };
  const head = { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata };
  const chunks: Uint8Array[] = [encoder.encode(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  list.entries.forEach((entry, index) => {
    if (index > 0) chunks.push(comma);
    chunks.push(entry.bytes);
  });
  chunks.push(end);
  return chunks;
}
