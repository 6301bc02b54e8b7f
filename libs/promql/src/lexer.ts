// An expression as words: names, numbers, durations, strings and signs, with their places.
// Grammar: https://prometheus.io/docs/prometheus/latest/querying/basics/
import { parseError } from './promql-error.ts';

export interface Token {
  kind: 'name' | 'number' | 'duration' | 'string' | 'sign' | 'end';
  /** Of strings: what they stand for. */
  text: string;
  position: number;
}

/** Longer ones are nobody's. */
export const expressionCharsMax = 64 * 2 ** 10;

const blank = /(?:\s|#[^\n]*)+/y;
const duration = /(?:\d+(?:ms|[smhdwy]))+(?![\w.])/y;
const number = /0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const name = /[a-zA-Z_:][\w:]*/y;
/** Between brackets, a colon parts the range of a subquery from its step. */
const colon = /:/y;
const sign = /=~|!~|==|!=|<=|>=|[-+*/%^<>=(){}[\],:@]/y;
const patterns = [
  ['duration', duration],
  ['number', number],
  ['name', name],
  ['sign', sign],
] as const;
const quotes = ['"', "'", '`'];
const wordEnd = /[\w.]/;

/** @throws PromqlError */
export function tokensOf(text: string): Token[] {
  if (text.length > expressionCharsMax) throw parseError(text, 0, `an expression has at most ${expressionCharsMax} characters`);
  const tokens: Token[] = [];
  let position = 0;
  let isInBrackets = false;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    position += take(blank)?.length ?? 0;
    if (position >= text.length) break;
    const token: { token: Token; end: number } = quotes.includes(text[position] ?? '')
      ? stringAt(text, position)
      : wordAt(text, position, take, isInBrackets);
    if (token.token.kind === 'sign') isInBrackets = token.token.text === '[' || (isInBrackets && token.token.text !== ']');
    tokens.push(token.token);
    position = token.end;
  }
  tokens.push({ kind: 'end', text: '', position: text.length });
  return tokens;
}

function wordAt(
  text: string,
  position: number,
  take: (pattern: RegExp) => string | undefined,
  isInBrackets: boolean,
): { token: Token; end: number } {
  for (const [kind, pattern] of isInBrackets ? [['sign', colon] as const, ...patterns] : patterns) {
    const found = take(pattern);
    if (found === undefined) continue;
    const end = position + found.length;
    if (kind === 'number' && wordEnd.test(text[end] ?? ''))
      throw parseError(text, position, `bad number or duration syntax: "${found}${text[end]}"`);
    return { token: { kind, text: found, position }, end };
  }
  throw parseError(text, position, `unexpected character: ${JSON.stringify(String.fromCodePoint(text.codePointAt(position) ?? 0))}`);
}

const simpleEscapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};
const codeEscape = /x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})/y;

/** Escapes as in Go; none between back quotes. */
function stringAt(text: string, start: number): { token: Token; end: number } {
  const quote = text[start] ?? '';
  const unterminated = () => parseError(text, start, 'unterminated quoted string');
  let value = '';
  let position = start + 1;
  while (text[position] !== quote) {
    const character = text[position];
    if (character === undefined || (character === '\n' && quote !== '`')) throw unterminated();
    if (character !== '\\' || quote === '`') {
      value += character;
      position++;
      continue;
    }
    const escaped = escapeAt(text, position);
    value += escaped.value;
    position = escaped.end;
  }
  return { token: { kind: 'string', text: value, position: start }, end: position + 1 };
}

function escapeAt(text: string, position: number): { value: string; end: number } {
  const simple = simpleEscapes[text[position + 1] ?? ''];
  if (simple !== undefined) return { value: simple, end: position + 2 };
  codeEscape.lastIndex = position + 1;
  const [all, ...digits] = codeEscape.exec(text) ?? [];
  const [two, four, eight, octal] = digits;
  const code = octal === undefined ? Number.parseInt(two ?? four ?? eight ?? '', 16) : Number.parseInt(octal, 8);
  if (all === undefined || code > 0x10ffff) throw parseError(text, position, 'unknown escape sequence in string');
  return { value: String.fromCodePoint(code), end: position + 1 + all.length };
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };

/** `1h30m` → milliseconds; of a duration's token. */
export function durationMs(text: string): number {
  let sum = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) sum += Number(amount) * (unitMs[unit] ?? 0);
  return sum;
}
