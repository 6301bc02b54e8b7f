// Names that somebody who mistyped one may have meant.

const suggestionsMax = 3;

/** The most alike first; none that is another word altogether. */
export function nearestNames(name: string, names: readonly string[]): string[] {
  const near = names.map((other) => ({ other, distance: distance(name, other) }));
  const isAlike = ({ other, distance: far }: { other: string; distance: number }) =>
    far <= Math.max(2, Math.ceil(name.length / 3)) || other.startsWith(`${name}-`);
  return near
    .filter(isAlike)
    .sort((a, b) => a.distance - b.distance || (a.other < b.other ? -1 : 1))
    .slice(0, suggestionsMax)
    .map(({ other }) => other);
}

/** Letters to be put in, taken out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
