// How long ago, as kubectl prints it.
import { humanDuration } from '@berth/machinery';

export function ageMs(time: string | undefined, now: number): number | undefined {
  const ms = time ? now - Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

export function ageText(time: string | undefined, now: number): string {
  const ms = ageMs(time, now);
  return ms === undefined ? '–' : humanDuration(ms);
}
