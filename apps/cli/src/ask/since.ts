// Durations as they are typed: `90s`, `1h30m`, and days, which Go has no letter for.
import { durationNanos } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';

const dayMs = 86_400_000;

/** In milliseconds. @throws UsageError that names the option */
export function readSince(text: string | undefined, option = '--since'): number | undefined {
  if (text === undefined) return undefined;
  const days = /^(\d+)d$/.exec(text)?.[1];
  const nanos = durationNanos(text);
  const ms = days === undefined ? (nanos === undefined ? Number.NaN : Number(nanos / 1_000_000n)) : Number(days) * dayMs;
  if (!(ms > 0)) throw new UsageError(`${option}: ${JSON.stringify(text)} is no duration such as 90s, 1h30m or 2d`);
  return ms;
}
