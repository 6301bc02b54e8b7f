// The words of an expression in order, and what is said when another one was expected.
import { durationMs, type Token, tokensOf } from './lexer.ts';
import { type PromqlError, parseError } from './promql-error.ts';

export class TokenReader {
  readonly text: string;
  readonly #tokens: Token[];
  #next = 0;

  constructor(text: string) {
    this.text = text;
    this.#tokens = tokensOf(text);
  }

  get peek(): Token {
    return this.ahead(0);
  }

  ahead(count: number): Token {
    return this.#tokens[this.#next + count] ?? { kind: 'end', text: '', position: this.text.length };
  }

  take(): Token {
    const token = this.peek;
    this.#next++;
    return token;
  }

  isSign(text: string): boolean {
    return this.peek.kind === 'sign' && this.peek.text === text;
  }

  /** Keywords are read whatever their case. */
  isWord(...words: string[]): boolean {
    return this.peek.kind === 'name' && words.includes(this.peek.text.toLowerCase());
  }

  accept(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.take();
    return true;
  }

  acceptWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.take();
    return true;
  }

  expect(sign: string, where: string): void {
    if (!this.accept(sign)) throw this.unexpected(`${where}, expected "${sign}"`);
  }

  expectKind(kind: 'name' | 'string', where: string): string {
    if (this.peek.kind !== kind) throw this.unexpected(`${where}, expected ${kind === 'name' ? 'identifier' : 'string'}`);
    return this.take().text;
  }

  /** Milliseconds. */
  expectDuration(where: string): number {
    if (this.peek.kind !== 'duration') throw this.unexpected(`${where}, expected duration`);
    return durationMs(this.take().text);
  }

  /** `(a, b)`; a comma may follow the last. */
  names(where: string): string[] {
    const names: string[] = [];
    this.expect('(', where);
    while (!this.accept(')')) {
      names.push(this.expectKind('name', where));
      if (!this.isSign(')')) this.expect(',', where);
    }
    return names;
  }

  unexpected(where: string): PromqlError {
    const { kind, text, position } = this.peek;
    const what = kind === 'end' ? 'end of input' : kind === 'string' ? `string ${JSON.stringify(text)}` : `"${text}"`;
    return this.complain(position, `unexpected ${what} in ${where}`);
  }

  complain(position: number, message: string): PromqlError {
    return parseError(this.text, position, message);
  }
}
