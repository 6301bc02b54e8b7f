// Quantiles of values, and of a histogram's buckets.

/** @param quantile from 0 to 1; beyond, the answer is infinite, as in Prometheus */
export function quantileOf(quantile: number, values: number[]): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  const sorted = values.sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
  const rank = quantile * (sorted.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(lower + 1, sorted.length - 1);
  const weight = rank - lower;
  return (sorted[lower] ?? Number.NaN) * (1 - weight) + (sorted[upper] ?? Number.NaN) * weight;
}

export interface Bucket {
  upperBound: number;
  /** Of what is at most the bound. */
  count: number;
}

/** Between two bounds, as if what is counted there were spread evenly. */
export function histogramQuantile(quantile: number, given: readonly Bucket[]): number {
  if (Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  const buckets = ascending(given);
  const last = buckets.at(-1);
  const beforeLast = buckets.at(-2);
  if (!last || !beforeLast || last.upperBound !== Number.POSITIVE_INFINITY || !(last.count > 0)) return Number.NaN;
  const rank = quantile * last.count;
  const found = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[found];
  if (!bucket || found === buckets.length - 1) return beforeLast.upperBound;
  const before = found > 0 ? buckets[found - 1] : undefined;
  if (!before && bucket.upperBound <= 0) return bucket.upperBound;
  const { upperBound: start, count: below } = before ?? { upperBound: 0, count: 0 };
  return start + (bucket.upperBound - start) * ((rank - below) / (bucket.count - below));
}

/** Those with the same bound together; counts never fall, which they may for scrapes in the middle of an observation. */
function ascending(given: readonly Bucket[]): Bucket[] {
  const buckets: Bucket[] = [];
  for (const { upperBound, count } of [...given].sort((a, b) => (a.upperBound < b.upperBound ? -1 : a.upperBound > b.upperBound ? 1 : 0))) {
    const last = buckets.at(-1);
    if (last?.upperBound === upperBound) last.count += count;
    else buckets.push({ upperBound, count });
  }
  let most = Number.NEGATIVE_INFINITY;
  for (const bucket of buckets) {
    most = Math.max(most, bucket.count);
    bucket.count = most;
  }
  return buckets;
}
