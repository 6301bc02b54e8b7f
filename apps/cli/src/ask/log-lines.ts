// Lines of logs: cut from what the server sends, with their time, their level where they say one, and what of them is wanted.

export interface LogLine {
  /** `pod/container` */
  source: string;
  /** As the server sent it; empty where it sent none. */
  time: string;
  /** Sorts as time does, to the nanosecond. */
  key: string;
  text: string;
}

const newline = 0x0a;
/** The rest of a longer line is left out. */
const lineBytesMax = 64 * 1024;

/** Lines without their ends, the last one also when it has none. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>, bytesMax = lineBytesMax): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const take = (piece: Uint8Array) => {
    // One that is too long keeps its beginning; nothing more of it is held.
    const kept = piece.subarray(0, Math.max(0, bytesMax - bytes));
    if (kept.length > 0) parts.push(kept);
    bytes += piece.length;
  };
  const line = () => {
    const text = Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
    const whole = bytes > bytesMax ? `${text}… (${bytes - bytesMax} more bytes)` : text;
    [parts, bytes] = [[], 0];
    return whole;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      take(chunk.subarray(start, end));
      yield line();
      start = end + 1;
    }
    take(chunk.subarray(start));
  }
  if (bytes > 0) yield line();
}

const stamped = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?(.*)$/s;

/** @param line as the server sends it with its times @param before the key of the line before, for one without a time */
export function logLine(source: string, line: string, before = ''): LogLine {
  const [, seconds, fraction = '', zone = '', text = ''] = stamped.exec(line) ?? [];
  if (seconds === undefined) return { source, time: '', key: before, text: line };
  const whole = Math.floor(Date.parse(`${seconds}${zone}`) / 1000);
  return {
    source,
    time: line.slice(0, line.length - text.length).trimEnd(),
    key: `${String(whole).padStart(12, '0')}.${fraction.padEnd(9, '0')}`,
    text,
  };
}

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export type Level = (typeof levels)[number];

const spellings: [Level, RegExp][] = [
  ['fatal', /^(fatal|panic|critical|crit|emerg|emergency|alert|f)$/],
  ['error', /^(error|err|severe|e)$/],
  ['warn', /^(warn|warning|w)$/],
  ['info', /^(info|information|notice|i)$/],
  ['debug', /^(debug|dbg|d)$/],
  ['trace', /^(trace|verbose|t)$/],
];

function levelNamed(word: string | undefined): Level | undefined {
  const lower = word?.toLowerCase();
  return lower === undefined ? undefined : spellings.find(([, pattern]) => pattern.test(lower))?.[0];
}

/** pino and bunyan count: 10 is trace, 60 fatal. */
function levelNumbered(number: number): Level | undefined {
  return levels[Math.min(5, Math.max(0, Math.floor(number / 10) - 1))];
}

const headCharacters = 200;

/** What a line says of itself: as JSON, as `level=warn`, as klog's first letter, or as a word in capitals or brackets near its beginning. */
export function levelOf(text: string): Level | undefined {
  const inJson = /^\s*\{.*?"(?:level|severity|lvl|log\.level)"\s*:\s*(?:"(\w+)"|(\d+))/s.exec(text.slice(0, 2000));
  if (inJson) return inJson[2] === undefined ? levelNamed(inJson[1]) : levelNumbered(Number(inJson[2]));
  const head = text.slice(0, headCharacters);
  const pair = /\b(?:level|lvl|severity)=["']?(\w+)/i.exec(head)?.[1];
  if (pair !== undefined) return levelNamed(pair);
  const klog = /^([IWEF])\d{4} \d\d:/.exec(head)?.[1];
  if (klog !== undefined) return levelNamed(klog);
  const word = /(?:^|[\s[(|])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|PANIC|CRITICAL)(?=[\s\]):|]|$)/.exec(head)?.[1];
  return levelNamed(word ?? /\[(trace|debug|info|notice|warn|warning|error|fatal|crit|alert|emerg)\]/i.exec(head)?.[1]);
}

export interface LineFilter {
  /** In whatever case. */
  text: string | undefined;
  /** And worse. */
  level: Level | undefined;
}

/** Of one container's lines in their order: a line that says no level belongs to the one before, as the lines of a stack do. */
export function lineFilter({ text, level }: LineFilter): (line: string) => boolean {
  const wanted = text?.toLowerCase();
  const least = level === undefined ? 0 : levels.indexOf(level);
  let current: Level = 'info';
  return (line) => {
    if (level !== undefined) current = levelOf(line) ?? current;
    if (level !== undefined && levels.indexOf(current) < least) return false;
    return wanted === undefined || line.toLowerCase().includes(wanted);
  };
}
