// Volumes that every node can reach, written by the containers of stateful sets' pods while they run: each writes the number that
// follows its own last one and takes it as acknowledged. Two that run at once, or a write that is gone, are seen at once.
import type { Clock, Timer } from '@berth/telemetry';

const writeMs = 500;
/** The first say what went wrong. */
const offencesMax = 5;

interface Writer {
  node: string;
  uid: string;
  timer: Timer | undefined;
}

export class SharedVolumes {
  readonly offences: string[] = [];
  /** Writes acknowledged, over all volumes. */
  acknowledged = 0;
  /** Pods that took over a volume. */
  takeovers = 0;
  readonly #clock: Clock;
  readonly #values = new Map<string, number>();
  readonly #writers = new Map<string, Set<Writer>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What a hollow node says of a container: it started, or it ended. */
  log(node: string, path: string, line: string): void {
    // …/NAMESPACE_NAME_UID/CONTAINER/N.log
    const [, name = '', uid = ''] = path.split('/').at(-3)?.split('_') ?? [];
    if (line.startsWith('started')) this.#begin(name, { node, uid, timer: undefined });
    else this.#end(name, node, uid);
  }

  /** Where each identity runs now. */
  running(name: string): string[] {
    return Array.from(this.#writers.get(name) ?? [], ({ node }) => node);
  }

  #begin(name: string, writer: Writer): void {
    const writers = this.#writers.get(name) ?? new Set();
    this.#writers.set(name, writers);
    for (const other of writers) this.#offend(`${name} started on ${writer.node} while it ran on ${other.node}`);
    if (this.#values.has(name)) this.takeovers++;
    writers.add(writer);
    this.#write(name, writer, this.#values.get(name) ?? 0);
  }

  #write(name: string, writer: Writer, last: number): void {
    const found = this.#values.get(name) ?? 0;
    if (found !== last) this.#offend(`${name} on ${writer.node} wrote ${last} and reads ${found}`);
    this.#values.set(name, found + 1);
    this.acknowledged++;
    writer.timer = this.#clock.after(writeMs, () => this.#write(name, writer, found + 1));
  }

  #end(name: string, node: string, uid: string): void {
    for (const writer of this.#writers.get(name) ?? []) {
      if (writer.node !== node || writer.uid !== uid) continue;
      writer.timer?.cancel();
      this.#writers.get(name)?.delete(writer);
    }
  }

  #offend(what: string): void {
    const offence = `${Math.round(this.#clock.monotonicMs() / 1000)} s: ${what}`;
    if (this.offences.length < offencesMax) this.offences.push(offence);
  }
}
