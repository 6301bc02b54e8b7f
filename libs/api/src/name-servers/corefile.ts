// Reads Corefiles, as CoreDNS is configured by them: blocks of servers by their zones, and directives in them, some with blocks of their own.
// (https://coredns.io/manual/configuration/) What the directives mean is others' to say. Pure.

export interface Directive {
  name: string;
  args: string[];
  /** The first is 1. */
  line: number;
  block: Directive[];
}

export interface ServerBlock {
  /** Zones, with port and transport if they are given; `(name)` for a snippet. */
  keys: string[];
  line: number;
  directives: Directive[];
}

/** Says which line is wrong, and what is expected there. */
export class CorefileError extends Error {}

interface Token {
  text: string;
  line: number;
  isQuoted: boolean;
}

/** Blocks in blocks; CoreDNS' own plugins have one in a directive. */
const depthMax = 4;

/** @throws CorefileError */
export function parseCorefile(text: string): ServerBlock[] {
  const tokens = new Tokens(text);
  const blocks: ServerBlock[] = [];
  for (let first = tokens.peek(); first; first = tokens.peek()) {
    if (first.text === 'import') {
      blocks.push({ keys: [], line: first.line, directives: [directive(tokens, 0)] });
      continue;
    }
    const keys: string[] = [];
    for (let token = tokens.next(); !isBrace(token, '{'); token = tokens.next()) {
      if (!token || isBrace(token, '}')) throw new CorefileError(`line ${(token ?? first).line}: a server's zones are followed by {`);
      keys.push(...token.text.split(',').filter((key) => key !== ''));
    }
    if (keys.length === 0) throw new CorefileError(`line ${first.line}: a server has at least one zone, such as .:53`);
    blocks.push({ keys, line: first.line, directives: directives(tokens, 0, first.line) });
  }
  return blocks;
}

/** Of what is imported into a block. @throws CorefileError */
export function parseDirectives(text: string): Directive[] {
  return directives(new Tokens(text), 0, undefined);
}

/** Up to the end of the block that began at that line, or of everything. */
function directives(tokens: Tokens, depth: number, begunAt: number | undefined): Directive[] {
  const found: Directive[] = [];
  for (let token = tokens.peek(); token; token = tokens.peek()) {
    if (!isBrace(token, '}')) {
      found.push(directive(tokens, depth));
      continue;
    }
    if (begunAt === undefined) throw new CorefileError(`line ${token.line}: } without a {`);
    tokens.next();
    return found;
  }
  if (begunAt !== undefined) throw new CorefileError(`line ${begunAt}: the block that begins here has no }`);
  return found;
}

/** A directive is a line, and its block. */
function directive(tokens: Tokens, depth: number): Directive {
  const { text: name, line } = tokens.next() as Token;
  if (name === '{') throw new CorefileError(`line ${line}: { stands behind what the block is of`);
  const args: string[] = [];
  for (let token = tokens.peek(); token && token.line === line && !isBrace(token, '}'); token = tokens.peek()) {
    tokens.next();
    if (!isBrace(token, '{')) {
      args.push(token.text);
      continue;
    }
    if (depth >= depthMax) throw new CorefileError(`line ${line}: blocks are at most ${depthMax} deep`);
    return { name, args, line, block: directives(tokens, depth + 1, line) };
  }
  return { name, args, line, block: [] };
}

function isBrace(token: Token | undefined, brace: '{' | '}'): boolean {
  return token?.text === brace && !token.isQuoted;
}

class Tokens {
  readonly #tokens: Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  next(): Token | undefined {
    return this.#tokens[this.#at++];
  }
}

/** Words between spaces, and what stands in quotes; what follows a # that begins a word is a comment. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /(\n)|#[^\n]*|"((?:\\"|[^"])*)("?)|([^\s]+)|[^\S\n]+/g;
  let line = 1;
  for (const [, newline, quoted, end, word] of text.matchAll(pattern)) {
    if (newline) line++;
    else if (quoted !== undefined) {
      if (end === '') throw new CorefileError(`line ${line}: a quotation that begins here has no end`);
      tokens.push({ text: quoted.replaceAll('\\"', '"'), line, isQuoted: true });
      line += quoted.split('\n').length - 1;
    } else if (word !== undefined) tokens.push({ text: word, line, isQuoted: false });
  }
  return tokens;
}
