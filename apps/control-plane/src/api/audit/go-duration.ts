// Durations as Go writes them, which readers of audit logs parse: `1.5s`, `629.994µs`, `1m0.5s`.

/** @param durationMs with fractions; a nanosecond is the least that is told */
export function goDuration(durationMs: number): string {
  const nanos = Math.round(durationMs * 1e6);
  if (nanos === 0) return '0s';
  if (nanos < 1_000) return `${nanos}ns`;
  if (nanos < 1_000_000) return `${decimal(nanos, 1_000)}µs`;
  if (nanos < 1_000_000_000) return `${decimal(nanos, 1_000_000)}ms`;
  const minutes = Math.floor(nanos / 60e9);
  const seconds = `${decimal(nanos - minutes * 60e9, 1_000_000_000)}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** As many digits as there are, and no rounding. */
function decimal(nanos: number, unitNanos: number): string {
  const fraction = String(nanos % unitNanos)
    .padStart(String(unitNanos).length - 1, '0')
    .replace(/0+$/, '');
  return `${Math.floor(nanos / unitNanos)}${fraction && `.${fraction}`}`;
}
