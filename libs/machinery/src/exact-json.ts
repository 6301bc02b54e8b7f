// JSON whose integers keep their digits. Go's int64 goes beyond 2⁵³, where numbers here begin to round: such integers, and only they,
// are bigints, so that a value has one form and everything else costs what JSON.parse costs. Everything that writes JSON writes
// their digits (`toJSON` below), whoever calls JSON.stringify.

const longRun = 16;
const [zero, nine] = [0x30, 0x39];
/** Of more digits no one takes account, and they would be read in more than linear time. */
const digitsMax = 40;
const wholeNumber = new RegExp(`^-?\\d{1,${digitsMax}}$`);

/** What JSON.parse hands its reviver beside name and value. */
interface Source {
  source?: string;
}

/** As newer than TypeScript's types know it. */
const json = JSON as unknown as {
  parse(text: string, reviver?: (this: unknown, name: string, value: unknown, context: Source) => unknown): unknown;
  rawJSON(text: string): object;
};

Object.defineProperty(BigInt.prototype, 'toJSON', {
  configurable: true,
  writable: true,
  value(this: bigint): object {
    return json.rawJSON(String(this));
  },
});

/** As JSON.parse, but for whole numbers beyond 2⁵³. @throws SyntaxError */
export function parseExact(text: string): unknown {
  return hasLongNumber(text) ? json.parse(text, exact) : JSON.parse(text);
}

function exact(_name: string, value: unknown, { source }: Source): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return wholeNumber.test(source) ? BigInt(source) : value;
}

/** Whether 16 digits stand in a row: a whole number beyond 2⁵³ has as many. Looks at every sixteenth character, as runs hide from no more. */
export function hasLongNumber(text: string): boolean {
  for (let at = longRun - 1; at < text.length; at += longRun) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let start = at;
    while (isDigit(text.charCodeAt(start - 1))) start -= 1;
    let end = at + 1;
    while (end - start < longRun && isDigit(text.charCodeAt(end))) end += 1;
    if (end - start >= longRun) return true;
  }
  return false;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

const [int64Min, int64Max] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Whether Go takes the value for an int64. */
export function isInt64(value: unknown): value is number | bigint {
  if (typeof value === 'bigint') return value >= int64Min && value <= int64Max;
  return Number.isSafeInteger(value);
}

/** The one form that a whole number has here. */
export function wholeNumberOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
