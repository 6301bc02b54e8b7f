// Why a text is no JSON, in the words of Go's decoder: clients see them in Kubernetes' answers. Read only after JSON.parse failed.
// Without recursion, since nesting is the client's choice.
import { goEscapes } from './go-escapes.ts';

const encoder = new TextEncoder();
const spaces = new Set([0x20, 0x09, 0x0a, 0x0d]);
const literals: Record<string, string> = { t: 'true', f: 'false', n: 'null' };

class SyntaxProblem extends Error {}

/** Such as `invalid character '}' looking for beginning of value`; undefined when nothing is wrong. */
export function goSyntaxProblem(text: string): string | undefined {
  try {
    new Scanner(encoder.encode(text)).scan();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}

class Scanner {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  scan(): void {
    /** Of open arrays and objects, from the outermost. */
    const open: ('[' | '{')[] = [];
    for (;;) {
      const opened = this.#value();
      if (opened) open.push(opened);
      // After a value: what encloses it goes on, or ends as well.
      if (!opened) while (open.length > 0 && this.#closes(open)) open.pop();
      if (open.length === 0) break;
    }
    this.#skipSpaces();
    if (this.#at < this.#bytes.length) throw this.#invalid('after top-level value');
  }

  /** Reads a value; of an array or object that is not empty, up to its first value. */
  #value(): '[' | '{' | undefined {
    this.#skipSpaces();
    const char = this.#peek();
    if (char === '{') return this.#begin('{', '}');
    if (char === '[') return this.#begin('[', ']');
    if (char === '"') this.#string();
    else if (char === '-' || isDigit(char)) this.#number();
    else if (Object.hasOwn(literals, char)) this.#literal(literals[char] ?? '');
    else throw this.#invalid('looking for beginning of value');
    return undefined;
  }

  #begin(opening: '[' | '{', closing: string): '[' | '{' | undefined {
    this.#at += 1;
    this.#skipSpaces();
    if (this.#peek() === closing) {
      this.#at += 1;
      return undefined;
    }
    if (opening === '{') this.#key();
    return opening;
  }

  #key(): void {
    this.#skipSpaces();
    if (this.#peek() !== '"') throw this.#invalid('looking for beginning of object key string');
    this.#string();
    this.#skipSpaces();
    if (this.#peek() !== ':') throw this.#invalid('after object key');
    this.#at += 1;
  }

  /** Behind a value in an array or object: whether that ends, or another value follows. */
  #closes(open: ('[' | '{')[]): boolean {
    const isObject = open.at(-1) === '{';
    this.#skipSpaces();
    const char = this.#peek();
    const isEnd = char === (isObject ? '}' : ']');
    if (!isEnd && char !== ',') throw this.#invalid(isObject ? 'after object key:value pair' : 'after array element');
    this.#at += 1;
    if (!isEnd && isObject) this.#key();
    return isEnd;
  }

  #string(): void {
    this.#at += 1;
    for (let char = this.#peek(); char !== '"'; char = this.#peek()) {
      if (char < ' ') throw this.#invalid('in string literal');
      this.#at += 1;
      if (char !== '\\') continue;
      const code = this.#peek();
      if (!'bfnrt\\/"u'.includes(code)) throw this.#invalid('in string escape code');
      this.#at += 1;
      for (let digits = 0; code === 'u' && digits < 4; digits++, this.#at++) {
        if (!/[\da-f]/i.test(this.#peek())) throw this.#invalid('in \\u hexadecimal character escape');
      }
    }
    this.#at += 1;
  }

  #number(): void {
    if (this.#peek() === '-') this.#at += 1;
    if (this.#peek() === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#next() === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (!'eE'.includes(this.#next() ?? ' ')) return;
    this.#at += 1;
    if ('+-'.includes(this.#peek())) this.#at += 1;
    this.#digits('in exponent of numeric literal');
  }

  #digits(where: string): void {
    if (!isDigit(this.#peek())) throw this.#invalid(where);
    while (isDigit(this.#next() ?? ' ')) this.#at += 1;
  }

  #literal(word: string): void {
    for (const expected of word) {
      if (this.#peek() !== expected) throw this.#invalid(`in literal ${word} (expecting ${quoted(expected)})`);
      this.#at += 1;
    }
  }

  #skipSpaces(): void {
    while (spaces.has(this.#bytes[this.#at] ?? -1)) this.#at += 1;
  }

  #next(): string | undefined {
    const byte = this.#bytes[this.#at];
    return byte === undefined ? undefined : String.fromCharCode(byte);
  }

  #peek(): string {
    const char = this.#next();
    if (char === undefined) throw new SyntaxProblem('unexpected end of JSON input');
    return char;
  }

  #invalid(where: string): SyntaxProblem {
    return new SyntaxProblem(`invalid character ${quoted(this.#peek())} ${where}`);
  }
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

/** A byte as Go quotes the character of its number. */
function quoted(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  const code = char.charCodeAt(0);
  if (goEscapes[char]) return `'${goEscapes[char]}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  // What is between the controls and the letters of Latin 1, and the soft hyphen, cannot be printed.
  return (code >= 0x80 && code <= 0xa0) || code === 0xad ? `'\\u00${code.toString(16)}'` : `'${char}'`;
}
