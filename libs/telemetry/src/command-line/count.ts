// Options that say how many.
import { UsageError } from './usage-error.ts';

/** @param option with its dashes. @throws UsageError */
export function parseCount(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`${option}: ${JSON.stringify(text)} is not a whole number above 0`);
  return Number(text);
}
