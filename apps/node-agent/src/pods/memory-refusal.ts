// Why memory limits are not lowered: less than what is used now would have the kernel kill the container, or refuse the limit.
// The kubelet looks at all of them before it changes any.

export interface MemoryChange {
  /** `container "main"`, or `pod`. */
  what: string;
  /** Bytes; undefined where nothing is limited, which refuses nothing. */
  before: number | undefined;
  limit: number | undefined;
  used: number;
}

export function isLowered({ before, limit }: Pick<MemoryChange, 'before' | 'limit'>): boolean {
  return before !== undefined && limit !== undefined && limit < before;
}

export function memoryRefusal(changes: MemoryChange[]): string | undefined {
  const told = changes
    .filter((change) => isLowered(change) && change.used >= (change.limit ?? 0))
    .map(({ what, limit, used }) => `attempting to set ${what} memory limit (${limit}) below current usage (${used})`);
  if (told.length === 0) return undefined;
  return `cannot decrease memory limits: ${told.length === 1 ? told[0] : `[${told.join(', ')}]`}`;
}
