// Many watchers of one collection, and what they receive of a series of updates: how many events, and how late. The watchers
// count lines and look at the clock; one of them says, by the mark in each object, when that event's update was sent.
import { sentMark } from './bench-pod.ts';
import { cpuSeconds } from './process-usage.ts';
import { type Endpoint, preparedRequest, RawConnection } from './raw-connection.ts';
import { rounded } from './statistics.ts';

/** Connections made at a time: more handshakes at once only wait in the server's queue. */
const connectConcurrency = 32;
const updaters = 32;
const newline = 10;
const closingBrace = 0x7d;
const stallTimeoutMs = 60_000;

export interface FanOutOptions {
  endpoint: Endpoint;
  serverPid: number;
  watchPath: string;
  /** Of the object that update number `index` changes. */
  objectPath(index: number): string;
  watchers: number;
  updates: number;
  /** Updates that are sent before every watcher has the first of them. */
  window: number;
}

export interface FanOut {
  eventsPerSecond: number;
  events: number;
  seconds: number;
  megabytesPerSecond: number;
  /** How many cores each side kept busy: which of them the figure is the limit of. */
  coresUsed: { server: number; loadGenerator: number };
  lagMs: { p50: number; p99: number; max: number };
}

export async function fanOut(options: FanOutOptions): Promise<FanOut> {
  const watchers = await connect(options);
  const reference = new Marks();
  watchers[0]?.onText((text) => reference.read(text));
  const progress = new Progress(watchers, options);
  try {
    const startMs = performance.now();
    const pids = { server: options.serverPid, loadGenerator: process.pid };
    const before = { server: cpuSeconds(pids.server), loadGenerator: cpuSeconds(pids.loadGenerator) };
    await Promise.all([update(options, progress), progress.complete]);
    const seconds = (performance.now() - startMs) / 1000;
    const used = (who: keyof typeof pids) => rounded((cpuSeconds(pids[who]) - before[who]) / seconds, 2);
    const coresUsed = { server: used('server'), loadGenerator: used('loadGenerator') };
    return { ...summary(options, watchers, reference.sentMs, seconds), coresUsed };
  } finally {
    progress.stop();
    for (const watcher of watchers) watcher.close();
  }
}

async function connect({ endpoint, watchPath, watchers, updates }: FanOutOptions): Promise<Watcher[]> {
  const connected: Watcher[] = [];
  let left = watchers;
  const work = async () => {
    while (left-- > 0) connected.push(await Watcher.open(endpoint, watchPath, updates));
  };
  await Promise.all(Array.from({ length: connectConcurrency }, work));
  return connected;
}

/** Sends the updates, never more than the window ahead of the slowest watcher. */
async function update({ endpoint, objectPath, updates, window }: FanOutOptions, progress: Progress): Promise<void> {
  let next = 0;
  const work = async () => {
    const connection = await RawConnection.open(endpoint);
    for (let index = next++; index < updates; index = next++) {
      await progress.reached(index - window);
      const patch = { metadata: { annotations: { 'bench.berth/sent': sentMark(performance.now()) } } };
      const body = Buffer.from(JSON.stringify(patch));
      const { code } = await connection.send(preparedRequest('PATCH', objectPath(index), body, 'application/merge-patch+json'));
      if (code !== 200) throw new Error(`an update was answered ${code}`);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: updaters }, work));
}

class Watcher {
  readonly arrivedMs: Float64Array;
  readonly #connection: RawConnection;
  count = 0;
  bytes = 0;
  #last = 0;
  #onText: ((text: string) => void) | undefined;
  #onCount: ((watcher: Watcher) => void) | undefined;

  static async open(endpoint: Endpoint, path: string, events: number): Promise<Watcher> {
    const connection = await RawConnection.open(endpoint);
    const watcher = new Watcher(connection, events);
    const { code } = await connection.stream(preparedRequest('GET', path), (bytes) => watcher.#receive(bytes));
    if (code !== 200) throw new Error(`a watch was answered ${code}`);
    return watcher;
  }

  private constructor(connection: RawConnection, events: number) {
    this.#connection = connection;
    this.arrivedMs = new Float64Array(events);
  }

  onText(listener: (text: string) => void): void {
    this.#onText = listener;
  }

  onCount(listener: (watcher: Watcher) => void): void {
    this.#onCount = listener;
  }

  close(): void {
    this.#connection.close();
  }

  /** An event ends with `}` and a newline; the lines that frame chunks do not. */
  #receive(bytes: Buffer): void {
    const nowMs = performance.now();
    const before = this.count;
    this.bytes += bytes.length;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) {
      if ((at > 0 ? bytes[at - 1] : this.#last) === closingBrace) this.arrivedMs[this.count++] = nowMs;
    }
    this.#last = bytes[bytes.length - 1] ?? 0;
    this.#onText?.(bytes.toString('latin1'));
    if (this.count > before) this.#onCount?.(this);
  }
}

/** Reads when each event's update was sent, in the order of events. */
class Marks {
  readonly sentMs: number[] = [];
  #text = '';

  read(text: string): void {
    this.#text += text;
    const pattern = /"bench\.berth\/sent":"(\d{8}\.\d{3})"/g;
    let end = 0;
    for (const match of this.#text.matchAll(pattern)) {
      this.sentMs.push(Number(match[1]));
      end = match.index + match[0].length;
    }
    // A mark may be cut in two.
    this.#text = this.#text.slice(Math.max(end, this.#text.length - 64));
  }
}

/** How many events every watcher has. */
class Progress {
  readonly complete: Promise<void>;
  readonly #countsAt: Uint32Array;
  readonly #watchers: number;
  readonly #seen = new Map<Watcher, number>();
  #reached = 0;
  #waiting: { index: number; resolve(): void }[] = [];
  #finish: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  readonly #stall: NodeJS.Timeout;

  constructor(watchers: Watcher[], { updates }: FanOutOptions) {
    this.#watchers = watchers.length;
    this.#countsAt = new Uint32Array(updates + 1);
    this.complete = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#stall = setTimeout(
      () => this.#fail(new Error(`after ${stallTimeoutMs} ms, every watcher has the first ${this.#reached} of ${updates} events only`)),
      stallTimeoutMs,
    );
    for (const watcher of watchers) watcher.onCount((changed) => this.#count(changed, updates));
  }

  /** Resolves once every watcher has event number `index`; at once for a negative one. */
  reached(index: number): Promise<void> | undefined {
    if (index < this.#reached) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push({ index, resolve });
    });
  }

  stop(): void {
    clearTimeout(this.#stall);
  }

  #count(watcher: Watcher, updates: number): void {
    for (let n = (this.#seen.get(watcher) ?? 0) + 1; n <= watcher.count; n++) this.#countsAt[n] = (this.#countsAt[n] ?? 0) + 1;
    this.#seen.set(watcher, watcher.count);
    while (this.#reached < updates && this.#countsAt[this.#reached + 1] === this.#watchers) this.#reached += 1;
    const ready = this.#waiting.filter((waiting) => waiting.index < this.#reached);
    if (ready.length > 0) this.#waiting = this.#waiting.filter((waiting) => waiting.index >= this.#reached);
    for (const waiting of ready) waiting.resolve();
    if (this.#reached === updates) this.#finish();
  }
}

function summary({ updates }: FanOutOptions, watchers: Watcher[], sentMs: number[], seconds: number): Omit<FanOut, 'coresUsed'> {
  const lags = new Float64Array(watchers.length * updates);
  watchers.forEach(({ arrivedMs }, index) => {
    for (let n = 0; n < updates; n++) lags[index * updates + n] = (arrivedMs[n] ?? 0) - (sentMs[n] ?? 0);
  });
  const sorted = lags.sort();
  const at = (share: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  const bytes = watchers.reduce((sum, watcher) => sum + watcher.bytes, 0);
  const events = watchers.length * updates;
  return {
    events,
    seconds: rounded(seconds, 2),
    eventsPerSecond: Math.round(events / seconds),
    megabytesPerSecond: Math.round(bytes / 1e6 / seconds),
    lagMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
  };
}
