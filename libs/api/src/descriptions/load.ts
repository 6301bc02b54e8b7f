// Descriptions are large and asked for by `kubectl explain` alone, so nothing of them is in memory before that.
import type { Describe } from '@berth/machinery';

export async function loadDescriptions(): Promise<Describe> {
  return (await import('./describe.ts')).describe;
}
