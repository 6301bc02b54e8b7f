// Regular expressions that JavaScript's own engine reads as RE2 does, and matches in a time that grows with the text alone: most
// patterns of schemas are such, and it is some twenty times as fast. All others are left to RE2.

const stepsMax = 1_000;
const repetitionsMax = 1_000;

export interface NativePattern {
  expression: RegExp;
  /** How many characters are looked at, at most, for each of a text. */
  steps: number;
}

/** Undefined for a pattern that has to be left to RE2. */
export function nativePattern(pattern: string): NativePattern | undefined {
  return new PatternReader(pattern).read();
}

/** What matching a part takes. */
interface Work {
  /** In how many ways it may match. */
  choices: number;
  /** Characters, but for what repeats without a bound. */
  length: number;
  /** Parts that repeat without a bound. */
  unbounded: number;
}

const character: Work = { choices: 1, length: 1, unbounded: 0 };
const literal = /[^\\^$.|?*+()[\]{}]/uy;
/** `\s` holds more in JavaScript, `\b` and the like are no characters. */
const escaped = /\\[dDwW\\^$.*+?()[\]{}|/]/y;
const characterClass = /\[\^?(?:[^\\[\]^]|\\[dw\\^$.*+?()[\]{}|/-])(?:[^\\[\]]|\\[dw\\^$.*+?()[\]{}|/-])*\]/uy;
/** No range begins or ends with a class of its own. */
const oddClass = /\\[dw]-[^\]]|-\\[dw]|--/;
const quantifier = /[*+?]|\{\d{1,4}(?:,(?:\d{1,4})?)?\}/y;

class PatternReader {
  readonly #pattern: string;
  #at = 0;
  #native = '';

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  read(): NativePattern | undefined {
    const isAnchored = this.#skip('^');
    const work = this.#sequence(true);
    if (!work || this.#at < this.#pattern.length) return undefined;
    // Each place where the match may begin, and each where what repeats may end, is tried once.
    if (work.unbounded > (isAnchored ? 1 : 0)) return undefined;
    const steps = work.choices * Math.max(1, work.length);
    return steps <= stepsMax ? compiled(this.#native, steps) : undefined;
  }

  /** Parts in a row. */
  #sequence(isTop: boolean): Work | undefined {
    const work = { choices: 1, length: 0, unbounded: 0 };
    while (this.#at < this.#pattern.length) {
      if (!isTop && ')|'.includes(this.#pattern[this.#at] ?? '')) return work;
      if (isTop && this.#at === this.#pattern.length - 1 && this.#skip('$')) return work;
      const part = this.#repeated();
      if (!part) return undefined;
      work.choices *= part.choices;
      work.length += part.length;
      work.unbounded += part.unbounded;
    }
    return isTop ? work : undefined;
  }

  #repeated(): Work | undefined {
    const part = this.#part();
    const text = part && this.#take(quantifier);
    if (!part || !text) return part;
    const [least, most] = boundsOf(text);
    // Another quantifier behind it makes it lazy, which changes nothing here, or is a mistake.
    if (least > most || '*+?{'.includes(this.#pattern[this.#at] ?? ' ')) return undefined;
    const isSimple = part.choices === 1 && part.unbounded === 0;
    if (most > 1 && !isSimple) return undefined;
    if (most === Number.POSITIVE_INFINITY) return { choices: 1, length: part.length * Math.max(1, least), unbounded: 1 };
    return { choices: part.choices + most - least, length: part.length * most, unbounded: part.unbounded };
  }

  #part(): Work | undefined {
    if (this.#skip('.', '[^\\n]') || this.#take(literal) || this.#take(escaped)) return character;
    const set = this.#take(characterClass);
    if (set) return oddClass.test(set) ? undefined : character;
    if (!this.#skip('(')) return undefined;
    if (!this.#skip('?:') && this.#pattern[this.#at] === '?') return undefined;
    return this.#alternatives();
  }

  #alternatives(): Work | undefined {
    const work = { choices: 0, length: 0, unbounded: 0 };
    for (;;) {
      const one = this.#sequence(false);
      if (!one) return undefined;
      work.choices += one.choices;
      work.length += one.length;
      work.unbounded += one.unbounded;
      if (this.#skip(')')) return work;
      if (!this.#skip('|')) return undefined;
    }
  }

  #skip(text: string, native = text): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    this.#native += native;
    return true;
  }

  #take(what: RegExp): string | undefined {
    what.lastIndex = this.#at;
    const [text] = what.exec(this.#pattern) ?? [];
    if (text !== undefined) this.#skip(text);
    return text;
  }
}

/** The bounds of a quantifier; none for what RE2 refuses. */
function boundsOf(text: string): [least: number, most: number] {
  if (text === '*') return [0, Number.POSITIVE_INFINITY];
  if (text === '+') return [1, Number.POSITIVE_INFINITY];
  if (text === '?') return [0, 1];
  const [least = '', most] = text.slice(1, -1).split(',');
  const bounds: [number, number] = [Number(least), most === undefined ? Number(least) : most ? Number(most) : Number.POSITIVE_INFINITY];
  return bounds.some((bound) => bound > repetitionsMax && bound !== Number.POSITIVE_INFINITY) ? [1, 0] : bounds;
}

function compiled(native: string, steps: number): NativePattern | undefined {
  try {
    return { expression: new RegExp(native, 'u'), steps };
  } catch (error) {
    // Such as a range that ends before it begins: RE2 says so in its own words.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
