// Rewrites the links in a page while it passes: only the values of attributes that hold links change, every other byte stays. What a tag
// takes in memory is bounded; a longer one passes as it is.
import { Transform } from 'node:stream';

/** Which attributes hold links, by element (HTML 4, and HTML 5 where it adds some). */
const linkAttributes: Record<string, readonly string[]> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** Elements whose content is text up to their own end tag. */
const rawText = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes']);

const tagCharsMax = 64 * 1024;
const commentStart = '<!--';
const commentEnd = '-->';

/** Latin-1 holds any byte, so pages in UTF-8 pass unharmed: what is looked for is ASCII. */
export function htmlLinks(rewrite: (link: string) => string): Transform {
  const scanner = new HtmlScanner(rewrite);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(scanner.next(chunk.toString('latin1')), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(scanner.rest(), 'latin1'));
    },
  });
}

class HtmlScanner {
  readonly #rewrite: (link: string) => string;
  /** What is not understood yet, and how much of it was searched in vain for the end of a tag. */
  #held = '';
  #searched = 0;
  /** Of a tag, while its `>` is looked for: the quote that is open. */
  #quote = '';
  /** Text without tags, up to this. */
  #until: string | undefined;

  constructor(rewrite: (link: string) => string) {
    this.#rewrite = rewrite;
  }

  next(text: string): string {
    this.#held += text;
    let out = '';
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) out += piece;
    return out;
  }

  rest(): string {
    return this.#cut(this.#held.length);
  }

  /** The next piece that can pass; undefined when more has to come first. */
  #take(): string | undefined {
    if (this.#until !== undefined) return this.#textUntil(this.#until);
    if (this.#held === '') return undefined;
    const start = this.#held.indexOf('<');
    if (start !== 0) return this.#cut(start < 0 ? this.#held.length : start);
    if (this.#held.startsWith(commentStart)) {
      this.#until = commentEnd;
      return this.#cut(commentStart.length);
    }
    if (commentStart.startsWith(this.#held)) return undefined;
    // A `<` that begins no tag is text.
    if (!/^<[a-z]/i.test(this.#held)) return this.#cut(1);
    return this.#tag();
  }

  #textUntil(end: string): string | undefined {
    const at = this.#held.toLowerCase().indexOf(end);
    if (at >= 0) {
      this.#until = undefined;
      return this.#cut(end === commentEnd ? at + end.length : at);
    }
    const safe = this.#held.length - end.length + 1;
    return safe > 0 ? this.#cut(safe) : undefined;
  }

  #tag(): string | undefined {
    const end = this.#endOfTag();
    if (end === undefined) return this.#held.length > tagCharsMax ? this.#cut(this.#held.length) : undefined;
    const tag = this.#cut(end + 1);
    const name = (/^<([a-z][^\s/>]*)/i.exec(tag)?.[1] ?? '').toLowerCase();
    if (rawText.has(name) && !tag.endsWith('/>')) this.#until = `</${name}`;
    const attributes = Object.hasOwn(linkAttributes, name) ? linkAttributes[name] : undefined;
    return attributes ? withLinks(tag, attributes, this.#rewrite) : tag;
  }

  /** Each character is looked at once, however the tag arrives. */
  #endOfTag(): number | undefined {
    for (let at = this.#searched; at < this.#held.length; at++) {
      const char = this.#held[at];
      if (this.#quote !== '') {
        if (char === this.#quote) this.#quote = '';
      } else if (char === '>') return at;
      else if (char === '"' || char === "'") this.#quote = char;
    }
    this.#searched = this.#held.length;
    return undefined;
  }

  #cut(length: number): string {
    const piece = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    this.#searched = 0;
    this.#quote = '';
    return piece;
  }
}

function withLinks(tag: string, attributes: readonly string[], rewrite: (link: string) => string): string {
  const attribute = /(\s)([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'=<>`]+)/g;
  return tag.replace(attribute, (whole, space: string, name: string, equals: string, given: string) => {
    if (!attributes.includes(name.toLowerCase())) return whole;
    const quote = given.startsWith('"') || given.startsWith("'") ? given.charAt(0) : '';
    const link = quote === '' ? given : given.slice(1, -1);
    const plain = unescaped(link);
    const rewritten = rewrite(plain);
    if (rewritten === plain) return whole;
    return `${space}${name}${equals}"${rewritten.replaceAll('&', '&amp;').replaceAll('"', '&#34;')}"`;
  });
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Those that URLs need; others are left as they stand. */
function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,3})|#x([0-9a-f]{1,2})|([a-z]{2,4}));/gi, (whole, decimal, hexadecimal, name) => {
    if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    return code > 31 && code < 127 ? String.fromCharCode(code) : whole;
  });
}
