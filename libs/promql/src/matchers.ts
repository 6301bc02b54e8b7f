// Whether a label's value is what a selector asks for. Regular expressions are RE2's, anchored, and take time in proportion to the
// text whatever they say; most in dashboards are lists of words and need none.
import { RE2JS } from 're2js';
import type { Labels } from './series.ts';
import type { Matcher } from './syntax.ts';

type Predicate = (value: string) => boolean;

const plainWords = /^[\w:|/ -]*$/;
const compiledMax = 500;
const compiled = new Map<string, Predicate>();

/** @throws a RE2JSException for what is no regular expression */
export function fits({ operator, value: wanted }: Matcher, value: string): boolean {
  if (operator === '=') return value === wanted;
  if (operator === '!=') return value !== wanted;
  return regularExpression(wanted)(value) === (operator === '=~');
}

export function fitsAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => fits(matcher, labels[matcher.label] ?? ''));
}

function regularExpression(pattern: string): Predicate {
  const known = compiled.get(pattern);
  if (known) return known;
  const made = predicateOf(pattern);
  if (compiled.size >= compiledMax) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

function predicateOf(pattern: string): Predicate {
  if (pattern === '.*') return () => true;
  if (pattern === '.+') return (value) => value !== '';
  if (plainWords.test(pattern)) {
    const words = new Set(pattern.split('|'));
    return (value) => words.has(value);
  }
  const expression = anchored(pattern);
  return (value) => expression.matches(value);
}

/** For the whole of a value; the dot stands for line ends as well. */
export function anchored(pattern: string): RE2JS {
  return RE2JS.compile(pattern, RE2JS.DOTALL);
}
