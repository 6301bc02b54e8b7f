// Finds pages, kinds and objects by a few letters of their names, kinds, namespaces or labels. Fast enough for each key that is pressed
// over 50,000 objects: what is looked through is made once.

export interface SearchEntry {
  /** `Page`, `Kind`, or the kind of an object. */
  kind: string;
  namespace: string | undefined;
  name: string;
  href: string;
  /** What it is also found by, such as labels or short names. */
  more: string;
}

export interface Indexed {
  entry: SearchEntry;
  name: string;
  kind: string;
  namespace: string;
  more: string;
}

export function indexed(entry: SearchEntry): Indexed {
  return {
    entry,
    name: entry.name.toLowerCase(),
    kind: entry.kind.toLowerCase(),
    namespace: (entry.namespace ?? '').toLowerCase(),
    more: entry.more.toLowerCase(),
  };
}

export interface Found {
  entries: SearchEntry[];
  /** How many there are beyond those. */
  more: number;
}

/** All words must be found, anywhere; what is called so comes before what merely has to do with it. `shop/web` is two words. */
export function search(all: Indexed[], text: string, shownMax: number): Found {
  const words = text
    .toLowerCase()
    .split(/[\s/]+/)
    .filter(Boolean);
  if (words.length === 0) return { entries: [], more: 0 };
  const found: { one: Indexed; rank: number }[] = [];
  for (const one of all) {
    const rank = rankOf(one, words);
    if (rank !== undefined) found.push({ one, rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.one.name.length - b.one.name.length || (a.one.name < b.one.name ? -1 : 1));
  return { entries: found.slice(0, shownMax).map(({ one }) => one.entry), more: Math.max(0, found.length - shownMax) };
}

function rankOf(one: Indexed, words: string[]): number | undefined {
  let sum = 0;
  for (const word of words) {
    const rank = wordRank(one, word);
    if (rank === undefined) return undefined;
    sum += rank;
  }
  return sum;
}

function wordRank({ name, kind, namespace, more }: Indexed, word: string): number | undefined {
  const at = name.indexOf(word);
  if (at === 0) return name.length === word.length ? 0 : 1;
  if (at > 0) return /[^a-z0-9]/.test(name[at - 1] ?? '') ? 2 : 3;
  if (kind.startsWith(word)) return 4;
  if (namespace.startsWith(word)) return 5;
  return kind.includes(word) || namespace.includes(word) || more.includes(word) ? 6 : undefined;
}
