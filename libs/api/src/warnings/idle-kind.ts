// Kinds that are stored and served while nothing in Berth acts on them: whoever writes one is told.

/** @param but what does act on them, in one respect */
export function idleKind(plural: string, but?: string): string[] {
  return [`${plural}: Berth stores these objects, but nothing acts on them yet${but ? `, save that ${but}` : ''}`];
}
