// Kinds that are stored and served while nothing in Berth acts on them: whoever writes one is told.

export function idleKind(plural: string): string[] {
  return [`${plural}: Berth stores these objects, but nothing acts on them yet`];
}
