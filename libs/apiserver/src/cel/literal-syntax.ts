// What of CEL's grammar the library lacks: messages that are spelled out (`Object.spec{replicas: 3, ?paused: object.?a}`), and entries of
// lists and maps that may be absent (`[?a]`, `{?"b": c}`). They are written as calls of macros, and where something is wrong is told by
// the place in what was given.

/** Macros that stand for what the library has no syntax of; see literal-macros.ts. */
export const structMacro = 'cel_struct';
export const listMacro = 'cel_list';
export const mapMacro = 'cel_map';

export interface Rewritten {
  text: string;
  /** Names of the messages that are spelled out. */
  structs: Set<string>;
  /** From a place in `text` to that in what was given. */
  position(at: number): number;
}

interface Token {
  text: string;
  start: number;
  isName: boolean;
}

/** Copied as it was given, or put in at that place. */
interface Chunk {
  text: string;
  start: number;
  isCopied: boolean;
}

interface Frame {
  opens: 'struct' | 'list' | 'map' | 'other';
  /** Of the chunk that a macro's name is put before. */
  chunk: number;
  entries: number;
  optional: number[];
  isAtEntry: boolean;
}

const tokens =
  /\s+|\/\/[^\n]*|(?:[bB]?[rR]|[rR]?[bB])?(?:"""[\s\S]*?"""|'''[\s\S]*?''')|[rR][bB]?(?:"[^"\n]*"|'[^'\n]*')|[bB]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|[A-Za-z_]\w*|\d[\w.]*|[\s\S]/g;
const literalSyntax = /\w\s*\{|[[{,]\s*\?/;
const keywords = new Set(['in', 'true', 'false', 'null']);

/** Undefined for what has nothing of it. */
export function rewriteLiterals(source: string): Rewritten | undefined {
  return literalSyntax.test(source) ? new Rewriting(source).run() : undefined;
}

class Rewriting {
  readonly #tokens: Token[];
  readonly #chunks: Chunk[] = [];
  readonly #frames: Frame[] = [];
  readonly #structs = new Set<string>();
  /** The last token that says something. */
  #last: Token | undefined;

  constructor(source: string) {
    this.#tokens = Array.from(source.matchAll(tokens), ({ 0: text, index: start }) => ({
      text,
      start,
      isName: /^[A-Za-z_]\w*$/.test(text) && !keywords.has(text),
    }));
  }

  run(): Rewritten {
    for (let at = 0; at < this.#tokens.length; ) at = this.#read(at);
    const chunks = this.#chunks;
    return { text: chunks.map(({ text }) => text).join(''), structs: this.#structs, position: (place) => placeIn(chunks, place) };
  }

  /** @returns where to read on */
  #read(at: number): number {
    const token = this.#tokens[at] as Token;
    if (isBlank(token)) return this.#copy(at);
    const frame = this.#frames.at(-1);
    const isFirst = frame?.isAtEntry ?? false;
    if (frame) frame.isAtEntry = false;
    if (frame && isFirst && frame.opens === 'struct' && token.text !== '}') return this.#field(at);
    const isOptional = token.text === '?' && !['}', ']', ',', ''].includes(this.#textAt(this.#skip(at + 1)));
    if (frame && isFirst && isOptional && frame.opens !== 'other') {
      frame.optional.push(frame.entries);
      return at + 1;
    }
    const opened = this.#structAt(at);
    if (opened !== undefined) return opened;
    if (frame && token.text === ',') {
      frame.entries++;
      frame.isAtEntry = true;
    } else if ('[{('.includes(token.text)) this.#open(token, this.#kindOf(token));
    else if ('}])'.includes(token.text)) return this.#close(at);
    return this.#copy(at);
  }

  #copy(at: number): number {
    const token = this.#tokens[at] as Token;
    this.#chunks.push({ text: token.text, start: token.start, isCopied: true });
    if (!isBlank(token)) this.#last = token;
    return at + 1;
  }

  #put(text: string, start: number): void {
    this.#chunks.push({ text, start, isCopied: false });
  }

  #kindOf({ text }: Token): Frame['opens'] {
    if (text === '(') return 'other';
    if (text === '{') return 'map';
    const before = this.#last;
    // What follows a value is an index.
    return before && (before.isName || /^[\w"')\]}]/.test(before.text.slice(-1))) && before.text !== 'in' ? 'other' : 'list';
  }

  #open({ start }: Token, opens: Frame['opens']): void {
    if (opens === 'list' || opens === 'map') this.#put('', start);
    this.#frames.push({ opens, chunk: this.#chunks.length - 1, entries: 0, optional: [], isAtEntry: true });
  }

  #close(at: number): number {
    const { start } = this.#tokens[at] as Token;
    const frame = this.#frames.pop();
    const next = this.#copy(at);
    if (frame?.opens === 'struct') this.#put(')', start);
    if (!frame || frame.optional.length === 0 || (frame.opens !== 'list' && frame.opens !== 'map')) return next;
    const chunk = this.#chunks[frame.chunk] as Chunk;
    chunk.text = `${frame.opens === 'list' ? listMacro : mapMacro}(`;
    this.#put(`, [${frame.optional.join(', ')}])`, start);
    return next;
  }

  /** `name.name{`: the name of a message, as a text, and what it holds. Undefined for anything else. */
  #structAt(from: number): number | undefined {
    if (this.#last && (this.#last.isName || /^[.)\]}]$/.test(this.#last.text))) return undefined;
    const names: string[] = [];
    let at = this.#textAt(from) === '.' ? this.#skip(from + 1) : from;
    while (this.#tokens[at]?.isName) {
      names.push(this.#textAt(at));
      at = this.#skip(at + 1);
      if (this.#textAt(at) !== '.') break;
      at = this.#skip(at + 1);
    }
    if (names.length === 0 || this.#textAt(at) !== '{') return undefined;
    const name = names.join('.');
    this.#structs.add(name);
    const { start } = this.#tokens[from] as Token;
    this.#put(`${structMacro}("${name}", `, start);
    this.#frames.push({ opens: 'struct', chunk: -1, entries: 0, optional: [], isAtEntry: true });
    return this.#copy(at);
  }

  /** `name:` or `?name:`; what is neither is left for the parser to refuse. */
  #field(from: number): number {
    const isOptional = this.#textAt(from) === '?';
    const at = isOptional ? this.#skip(from + 1) : from;
    const colon = this.#skip(at + 1);
    if (!this.#tokens[at]?.isName) this.#put(',', (this.#tokens[from] as Token).start);
    if (!this.#tokens[at]?.isName || this.#textAt(colon) !== ':') return this.#copy(from);
    this.#put(`"${isOptional ? '?' : ''}${this.#textAt(at)}"`, (this.#tokens[from] as Token).start);
    return this.#copy(colon);
  }

  #textAt(at: number): string {
    return this.#tokens[at]?.text ?? '';
  }

  #skip(from: number): number {
    let at = from;
    for (let token = this.#tokens[at]; token && isBlank(token); token = this.#tokens[at]) at++;
    return at;
  }
}

function isBlank({ text }: Token): boolean {
  return /^(\s|\/\/)/.test(text);
}

function placeIn(chunks: readonly Chunk[], place: number): number {
  let before = 0;
  for (const { text, start, isCopied } of chunks) {
    if (place < before + text.length) return isCopied ? start + place - before : start;
    before += text.length;
  }
  const last = chunks.at(-1);
  return last ? last.start + (last.isCopied ? last.text.length : 0) + (place - before) : place;
}
