// What a check of `berth doctor` finds, and how it is printed. What could not be looked at is never called well.
import type { Colour, Paint } from '../terminal.ts';

export type Verdict = 'ok' | 'warning' | 'error' | 'not checked';

export interface Outcome {
  check: string;
  verdict: Verdict;
  says: string;
  /** What to do, where something is amiss. */
  remedy?: string;
}

const colours: Record<Verdict, Colour> = { ok: 'green', warning: 'yellow', error: 'red', 'not checked': 'grey' };
const verdictWidth = 'not checked'.length;

export const ok = (check: string, says: string): Outcome => ({ check, verdict: 'ok', says });
export const warning = (check: string, says: string, remedy: string): Outcome => ({ check, verdict: 'warning', says, remedy });
export const error = (check: string, says: string, remedy: string): Outcome => ({ check, verdict: 'error', says, remedy });
export const notChecked = (check: string, because: string): Outcome => ({ check, verdict: 'not checked', says: `because ${because}` });

/** One line a check, its remedy below it, and how many there are of which. */
export function outcomesText(outcomes: readonly Outcome[], paint: Paint): string {
  const width = Math.max(0, ...outcomes.map(({ check }) => check.length));
  const lines = outcomes.flatMap(({ check, verdict, says, remedy }) => {
    const head = `${paint(colours[verdict], verdict.padEnd(verdictWidth))}  ${check.padEnd(width)}  ${says}`;
    return remedy === undefined ? [head] : [head, `${' '.repeat(verdictWidth + width + 4)}→ ${remedy}`];
  });
  const counts = (['ok', 'warning', 'error', 'not checked'] as const)
    .map((verdict) => ({ verdict, count: outcomes.filter((one) => one.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdict}`);
  return [...lines, counts.join(', ')].join('\n');
}

/** Warnings and errors are something wrong; what was not checked is not. */
export function isWell(outcomes: readonly Outcome[]): boolean {
  return outcomes.every(({ verdict }) => verdict === 'ok' || verdict === 'not checked');
}
