// A unified diff of two texts by lines, as Python's difflib makes it and with it the library that Kubernetes uses: which lines are
// found alike depends on the algorithm, and clients see the result.

const contextLines = 3;
/** From so many lines on, those that are frequent are not looked for. */
const frequentFrom = 200;
/** Of longer texts only what they begin and end with alike is found: the search takes longer than their lines are many. */
const linesMax = 10_000;

interface Match {
  a: number;
  b: number;
  size: number;
}

interface Change {
  isEqual: boolean;
  a: [number, number];
  b: [number, number];
}

/** Without a heading; every line ends with a line end. */
export function unifiedDiff(a: string[], b: string[]): string {
  return groups(changesOf(a, b))
    .map((group) => [heading(group), ...group.flatMap((change) => linesOf(change, a, b))].map((line) => `${line}\n`).join(''))
    .join('');
}

function linesOf({ isEqual, a: [fromA, toA], b: [fromB, toB] }: Change, a: string[], b: string[]): string[] {
  if (isEqual) return a.slice(fromA, toA).map((line) => ` ${line}`);
  return [...a.slice(fromA, toA).map((line) => `-${line}`), ...b.slice(fromB, toB).map((line) => `+${line}`)];
}

function heading(group: Change[]): string {
  const [first, last] = [group[0], group.at(-1)];
  const range = (side: 'a' | 'b') => {
    const [from, to] = [first?.[side][0] ?? 0, last?.[side][1] ?? 0];
    if (to - from === 1) return `${from + 1}`;
    return `${to === from ? from : from + 1},${to - from}`;
  };
  return `@@ -${range('a')} +${range('b')} @@`;
}

/** Changes that are near each other, with some lines around them. */
function groups(changes: Change[]): Change[][] {
  const found: Change[][] = [];
  let group: Change[] = [];
  changes.forEach((change, index) => {
    const length = change.a[1] - change.a[0];
    const isFirst = index === 0;
    const isLast = index === changes.length - 1;
    if (!change.isEqual || (length <= contextLines && (isFirst || isLast)) || (length <= 2 * contextLines && !isFirst && !isLast)) {
      group.push(change);
      return;
    }
    if (!isFirst) group.push({ isEqual: true, a: head(change.a), b: head(change.b) });
    if (group.some(({ isEqual }) => !isEqual)) found.push(group);
    group = isLast ? [] : [{ isEqual: true, a: tail(change.a), b: tail(change.b) }];
  });
  if (group.some(({ isEqual }) => !isEqual)) found.push(group);
  return found;
}

function head([from, to]: [number, number]): [number, number] {
  return [from, Math.min(to, from + contextLines)];
}

function tail([from, to]: [number, number]): [number, number] {
  return [Math.max(from, to - contextLines), to];
}

function changesOf(a: string[], b: string[]): Change[] {
  const changes: Change[] = [];
  let [atA, atB] = [0, 0];
  for (const match of [...matchesOf(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (atA < match.a || atB < match.b) changes.push({ isEqual: false, a: [atA, match.a], b: [atB, match.b] });
    [atA, atB] = [match.a + match.size, match.b + match.size];
    if (match.size > 0) changes.push({ isEqual: true, a: [match.a, atA], b: [match.b, atB] });
  }
  return changes;
}

/** Runs of equal lines in order; those that touch are one. */
function matchesOf(a: string[], b: string[]): Match[] {
  if (a.length > linesMax || b.length > linesMax) return endsOf(a, b);
  const places = placesOf(b);
  const found: Match[] = [];
  const search = (fromA: number, toA: number, fromB: number, toB: number): void => {
    const match = longestMatch(a, b, places, [fromA, toA], [fromB, toB]);
    if (match.size === 0) return;
    search(fromA, match.a, fromB, match.b);
    const before = found.at(-1);
    if (before && before.a + before.size === match.a && before.b + before.size === match.b) before.size += match.size;
    else found.push(match);
    search(match.a + match.size, toA, match.b + match.size, toB);
  };
  search(0, a.length, 0, b.length);
  return found;
}

function endsOf(a: string[], b: string[]): Match[] {
  const most = Math.min(a.length, b.length);
  let first = 0;
  while (first < most && a[first] === b[first]) first++;
  let last = 0;
  while (last < most - first && a[a.length - 1 - last] === b[b.length - 1 - last]) last++;
  const ends = [
    { a: 0, b: 0, size: first },
    { a: a.length - last, b: b.length - last, size: last },
  ];
  return ends.filter(({ size }) => size > 0);
}

function placesOf(lines: string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, line] of lines.entries()) {
    const known = places.get(line);
    if (known) known.push(index);
    else places.set(line, [index]);
  }
  if (lines.length < frequentFrom) return places;
  const frequent = Math.floor(lines.length / 100) + 1;
  return new Map([...places].filter(([, indexes]) => indexes.length <= frequent));
}

function longestMatch(
  a: string[],
  b: string[],
  places: Map<string, number[]>,
  [fromA, toA]: [number, number],
  [fromB, toB]: [number, number],
): Match {
  const best: Match = { a: fromA, b: fromB, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = fromA; i < toA; i++) {
    const next = new Map<number, number>();
    for (const j of places.get(a[i] ?? '') ?? []) {
      if (j < fromB || j >= toB) continue;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) Object.assign(best, { a: i - size + 1, b: j - size + 1, size });
    }
    lengths = next;
  }
  // Frequent lines count where they lie beside others.
  while (best.a > fromA && best.b > fromB && a[best.a - 1] === b[best.b - 1])
    Object.assign(best, { a: best.a - 1, b: best.b - 1, size: best.size + 1 });
  while (best.a + best.size < toA && best.b + best.size < toB && a[best.a + best.size] === b[best.b + best.size]) best.size++;
  return best;
}
