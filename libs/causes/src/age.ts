// How long ago a time was.

/** Unix milliseconds in, milliseconds out; undefined for what is no time. */
export function ageMs(time: string | undefined, now: number): number | undefined {
  const ms = time ? now - Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
