// Completion indexes as jobs write them: "0,2-5,9", ascending and without overlaps. Intervals stay intervals, as there may
// be billions of indexes in one.

/** Both ends included. */
export type IndexInterval = readonly [first: number, last: number];

/** @returns the indexes, or what is wrong with the text */
export function parseIndexes(text: string, completions: number): IndexInterval[] | string {
  const indexes: IndexInterval[] = [];
  let last = -1;
  for (const part of text === '' ? [] : text.split(',')) {
    const limits = part.split('-');
    if (limits.length > 2) {
      return `the fragment "${part}" violates the requirement that an index interval can have at most two parts separated by '-'`;
    }
    for (const limit of limits) {
      if (!/^[+-]?\d+$/.test(limit)) return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
      if (Number(limit) >= completions) return `too large index: ${JSON.stringify(limit)}`;
    }
    const [first = 0, end = first] = limits.map(Number);
    if (limits.length === 2 && end <= first) return `non-increasing order, previous: ${first}, current: ${end}`;
    if (first <= last) return `non-increasing order, previous: ${last}, current: ${first}`;
    indexes.push([first, end]);
    last = end;
  }
  return indexes;
}

export function countIndexes(intervals: readonly IndexInterval[]): number {
  return intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

export function includesIndex(intervals: readonly IndexInterval[], index: number): boolean {
  return intervals.some(([first, last]) => index >= first && index <= last);
}

export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (sorted[to + 1] === (sorted[to] ?? 0) + 1) to++;
    // Two in a row are listed, longer runs are written as intervals.
    if (to - from >= 2) parts.push(`${sorted[from]}-${sorted[to]}`);
    else parts.push(...sorted.slice(from, to + 1).map(String));
    from = to + 1;
  }
  return parts.join(',');
}
