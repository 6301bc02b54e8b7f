// Every series of which anything is kept, once: by its labels, and by name for those who look for it. Bounded: past the limit, new ones
// are refused, so whoever offers the most important ones first keeps them.
import { fitsAll, type Labels, type Matcher, type Meter } from '@berth/promql';

export interface Series {
  readonly key: string;
  readonly labels: Labels;
  /** How many blocks, and what is not one yet, hold something of it. */
  holders: number;
}

/** A regular expression or two. */
const workOfMatching = 50;
const separator = '\u0001';

export class SeriesTable {
  readonly #seriesMax: number;
  readonly #byKey = new Map<string, Series>();
  readonly #byName = new Map<string, Set<Series>>();

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Undefined once there are too many. */
  of(labels: Labels): Series | undefined {
    return this.ofKey(keyOf(labels), labels);
  }

  /** @param key as made by `keyOf` */
  ofKey(key: string, labels?: Labels): Series | undefined {
    const known = this.#byKey.get(key);
    if (known || this.#byKey.size >= this.#seriesMax) return known;
    const series: Series = { key, labels: labels ?? labelsOf(key), holders: 0 };
    this.#byKey.set(key, series);
    const name = series.labels.__name__ ?? '';
    const others = this.#byName.get(name);
    if (others) others.add(series);
    else this.#byName.set(name, new Set([series]));
    return series;
  }

  /** One holder less; without any, it is forgotten. */
  release(series: Series): void {
    series.holders--;
    if (series.holders > 0) return;
    this.#byKey.delete(series.key);
    const name = series.labels.__name__ ?? '';
    const others = this.#byName.get(name);
    others?.delete(series);
    if (others?.size === 0) this.#byName.delete(name);
  }

  async find(matchers: readonly Matcher[], meter: Meter): Promise<Series[]> {
    const name = matchers.find(({ label, operator }) => label === '__name__' && operator === '=')?.value;
    const candidates = name === undefined ? this.#byKey.values() : (this.#byName.get(name) ?? []);
    const found: Series[] = [];
    await meter.each(candidates, workOfMatching, (series) => {
      if (fitsAll(matchers, series.labels)) found.push(series);
    });
    return found;
  }
}

/** Its labels in order, which also groups series of one name. */
export function keyOf(labels: Labels): string {
  const { __name__: name = '', ...rest } = labels;
  let key = name;
  for (const label of Object.keys(rest).sort()) key += `${separator}${label}${separator}${rest[label]?.replaceAll(separator, '')}`;
  return key;
}

export function labelsOf(key: string): Labels {
  const [name = '', ...parts] = key.split(separator);
  const labels: Record<string, string> = { __name__: name };
  for (let index = 0; index + 1 < parts.length; index += 2) labels[parts[index] ?? ''] = parts[index + 1] ?? '';
  return labels;
}
