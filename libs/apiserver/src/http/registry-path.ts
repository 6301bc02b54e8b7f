// Which requests are those of clients of an image registry (OCI distribution): they show tokens as passwords, and want to be asked for one.
import type { ServedRequest } from '../core/served-message.ts';

/** The first segment of every path of the registry's API. */
export const registryRoot = 'v2';

export function isRegistryPath(segments: readonly string[]): boolean {
  return segments[0] === registryRoot;
}

export function isRegistryRequest({ url = '' }: Pick<ServedRequest, 'url'>): boolean {
  return /^\/v2(?:[/?]|$)/.test(url);
}
