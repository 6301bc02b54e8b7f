// Durations as Go writes them, which readers of audit logs parse: `1.5s`, `629.994µs`, `1m0.5s`.
import { durationText } from '@berth/machinery';

/** @param durationMs with fractions; a nanosecond is the least that is recorded */
export function goDuration(durationMs: number): string {
  return durationText(BigInt(Math.round(durationMs * 1e6)));
}
