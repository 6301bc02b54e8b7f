// How long ago, as kubectl prints it.
import { ageMs } from '@berth/causes';
import { humanDuration } from '@berth/machinery';

export { ageMs };

export function ageText(time: string | undefined, now: number): string {
  const ms = ageMs(time, now);
  return ms === undefined ? '–' : humanDuration(ms);
}
