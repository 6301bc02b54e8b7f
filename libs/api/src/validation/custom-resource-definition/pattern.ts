// Patterns are RE2's, as in Go: one that RE2 does not take would match nothing, or take for ever. What it is compiled to grows with the
// repetitions in it, so that is counted before.
import { RE2JS } from 're2js';

/** Why a pattern is none. */
export function patternError(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Escapes, classes, groups, repetitions and single characters. */
const tokens = /\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|.)|\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]|\{(\d+)(?:(,)(\d*))?\}|./gs;

/** About how many steps a pattern is compiled to: what is repeated counts as often as it may be. */
export function patternSteps(pattern: string): number {
  const groups: number[] = [];
  let sum = 0;
  let last = 0;
  for (const [token, least, comma, most] of pattern.matchAll(tokens)) {
    if (token === '(') {
      groups.push(sum);
      sum = 0;
      last = 0;
    } else if (token === ')') {
      last = sum + 1;
      sum = (groups.pop() ?? 0) + last;
    } else if (least !== undefined) {
      const times = Math.max(Number(least), comma ? Number(most) : 0, 1);
      sum += last * (times - 1);
      last *= times;
    } else {
      last = 1;
      sum++;
    }
  }
  return groups.reduce((total, size) => total + size, sum);
}
