// One line of a log: when it was written, how bad it is, and what it says, without the colours that programs write for terminals.

export type Level = 'error' | 'warn' | 'info' | 'debug';

export interface LogEntry {
  /** RFC 3339 with nine digits of a second, so that texts are ordered as times are; empty where the line has none. */
  time: string;
  /** As it was written. */
  raw: string;
  /** Without colours. */
  text: string;
  /** Undefined where the line does not say. */
  level: Level | undefined;
  /** In letters; those of East Asia and emoji are two wide. */
  width: number;
  /** Which log it is of, e.g. `web-1`; empty where there is but one. */
  source: string;
}

const lineLengthMax = 10_000;
const timestamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?/;

/** @param line as the API sends it with `timestamps=true` */
export function logEntry(line: string, source: string): LogEntry {
  const found = timestamp.exec(line);
  const raw = shortened(found ? line.slice(found[0].length) : line).replace(/\r$/, '');
  const text = raw.includes('\u001b') ? withoutEscapes(raw) : raw;
  return { time: found ? normal(found) : '', raw, text, level: levelOf(text), width: widthOf(text), source };
}

function normal([, seconds = '', fraction = '', zone = 'Z']: RegExpExecArray): string {
  const digits = fraction.padEnd(9, '0');
  if (zone === 'Z') return `${seconds}.${digits}Z`;
  return `${new Date(`${seconds}${zone}`).toISOString().slice(0, 19)}.${digits}Z`;
}

function shortened(line: string): string {
  return line.length > lineLengthMax ? `${line.slice(0, lineLengthMax)}…` : line;
}

const words: Record<string, Level> = {
  fatal: 'error',
  panic: 'error',
  critical: 'error',
  crit: 'error',
  alert: 'error',
  emerg: 'error',
  error: 'error',
  err: 'error',
  warning: 'warn',
  warn: 'warn',
  info: 'info',
  notice: 'info',
  debug: 'debug',
  trace: 'debug',
};
const klog: Record<string, Level> = { E: 'error', F: 'error', W: 'warn', I: 'info' };
/** Where a level stands: as a word of its own in capitals, in brackets, before a colon, or as a field. */
const inText = /\b(FATAL|PANIC|CRITICAL|CRIT|ALERT|EMERG|ERROR|ERR|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE)\b/;
const asField = /\b(?:level|lvl|severity|loglevel)["']?\s*[=:]\s*["']?([A-Za-z]+)/i;
const atStart = /^\W{0,3}(fatal|panic|critical|error|err|warning|warn|info|notice|debug|trace)\b\s*[:\]]/i;
const lookedAtMax = 400;

export function levelOf(text: string): Level | undefined {
  const head = text.slice(0, lookedAtMax);
  const short = /^([EFWI])\d{4} /.exec(head)?.[1];
  if (short) return klog[short];
  const inJson = head.startsWith('{') ? levelInJson(text) : undefined;
  const word = inJson ?? (asField.exec(head) ?? atStart.exec(head) ?? inText.exec(head))?.[1];
  return word === undefined ? undefined : words[word.toLowerCase()];
}

/** Some write numbers: pino's 10 to 60. */
function levelInJson(text: string): string | undefined {
  const { level, severity, lvl } = jsonIn(text) ?? {};
  const found = level ?? severity ?? lvl;
  if (typeof found === 'number') return found >= 50 ? 'error' : found >= 40 ? 'warn' : found >= 30 ? 'info' : 'debug';
  return typeof found === 'string' ? found : undefined;
}

export function jsonIn(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // A line that merely begins like JSON is text.
    return undefined;
  }
}

/** Of lines that are shown unfolded, as they are laid out again and again. */
const unfoldedLines = new WeakMap<LogEntry, string[]>();

/** A line of JSON as one reads it, one field a line; undefined for what is none. */
export function unfolded(entry: LogEntry): string[] | undefined {
  const known = unfoldedLines.get(entry);
  if (known) return known;
  const json = jsonIn(entry.text);
  if (!json) return undefined;
  const lines = JSON.stringify(json, undefined, 2).split('\n');
  unfoldedLines.set(entry, lines);
  return lines;
}

const tabColumns = 8;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const narrow = /^[\u0000-\u10ff]*$/;

export function widthOf(text: string): number {
  if (narrow.test(text) && !text.includes('\t')) return text.length;
  let width = 0;
  for (const letter of text) width += letter === '\t' ? tabColumns - (width % tabColumns) : narrow.test(letter) ? 1 : 2;
  return width;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const escapes = /\u001b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

function withoutEscapes(text: string): string {
  return text.replace(escapes, '');
}

export interface Segment {
  text: string;
  /** Classes, such as `ansi-1 ansi-bold`; empty for plain text. */
  style: string;
}

/** A line in the colours that it was written in; all other escapes are left out. */
export function segments(raw: string): Segment[] {
  if (!raw.includes('\u001b')) return [{ text: raw, style: '' }];
  const found: Segment[] = [];
  const style = new AnsiStyle();
  let from = 0;
  for (const match of raw.matchAll(escapes)) {
    if (match.index > from) found.push({ text: raw.slice(from, match.index), style: style.classes() });
    from = match.index + match[0].length;
    if (match[0].endsWith('m')) style.apply(match[0].slice(2, -1));
  }
  if (from < raw.length) found.push({ text: raw.slice(from), style: style.classes() });
  return found;
}

class AnsiStyle {
  #colour: number | undefined;
  readonly #marks = new Set<string>();

  classes(): string {
    return [...(this.#colour === undefined ? [] : [`ansi-${this.#colour}`]), ...this.#marks].join(' ');
  }

  /** @param parameters of one escape, e.g. `1;31` */
  apply(parameters: string): void {
    const codes = parameters.split(/[;:]/).map(Number);
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] ?? 0;
      // Colours of 256 and of 24 bits take more numbers; those of the first sixteen are kept, others are shown plain.
      if (code === 38 || code === 48) {
        if (code === 38) this.#colour = codes[at + 1] === 5 && (codes[at + 2] ?? 16) < 16 ? codes[at + 2] : undefined;
        at += codes[at + 1] === 5 ? 2 : 4;
      } else this.#one(code);
    }
  }

  #one(code: number): void {
    if (code === 0) {
      this.#colour = undefined;
      this.#marks.clear();
    } else if (code === 1) this.#marks.add('ansi-bold');
    else if (code === 2) this.#marks.add('ansi-dim');
    else if (code === 4) this.#marks.add('ansi-underline');
    else if (code === 22) for (const mark of ['ansi-bold', 'ansi-dim']) this.#marks.delete(mark);
    else if (code === 24) this.#marks.delete('ansi-underline');
    else if (code === 39) this.#colour = undefined;
    else if (code >= 30 && code <= 37) this.#colour = code - 30;
    else if (code >= 90 && code <= 97) this.#colour = code - 82;
  }
}
