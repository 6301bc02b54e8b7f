// Regular expressions as CEL means them: RE2, which takes time in proportion to the text whatever the pattern is. JavaScript's
// own take exponential time for some, and read others otherwise.
import { RE2JS } from 're2js';
import type { Meter } from './budget.ts';
import { ExpressionError } from './expression-error.ts';

const patternLengthMax = 1_000;
/** Forgotten all at once: patterns are few unless they come from values. */
const compiledMax = 100;
const unitsPerCompiledStep = 20;
/** For each character of the text. */
const unitsPerStep = 0.05;

const compiled = new Map<string, RE2JS>();

/** @throws ExpressionError */
export function compilePattern(pattern: string, meter?: Meter): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  if (pattern.length > patternLengthMax) throw new ExpressionError(`a regular expression has more than ${patternLengthMax} characters`);
  meter?.spend(pattern.length * unitsPerCompiledStep);
  let made: RE2JS;
  try {
    made = RE2JS.compile(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ExpressionError(`${JSON.stringify(pattern)} is no regular expression: ${why}`);
  }
  // Repetitions make long programs of short patterns.
  meter?.spend(made.programSize() * unitsPerCompiledStep);
  if (compiled.size >= compiledMax) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

export function matches(text: string, pattern: string, meter: Meter): boolean {
  return priced(text, pattern, meter).matcher(text).find();
}

/** The first `limit` matches; all of them when it is negative. */
export function findAll(text: string, pattern: string, limit: number, meter: Meter): string[] {
  const matcher = priced(text, pattern, meter).matcher(text);
  const found: string[] = [];
  while (found.length !== limit && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

/** At each character there is as much to try as the pattern has steps. */
function priced(text: string, pattern: string, meter: Meter): RE2JS {
  const expression = compilePattern(pattern, meter);
  meter.spend((1 + text.length) * expression.programSize() * unitsPerStep);
  return expression;
}
