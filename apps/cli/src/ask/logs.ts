// `berth logs`: logs of all pods of a workload as one, by time. Exit codes: 0 shown, 1 it could not be found out, 2 wrong usage.
import { Pod } from '@berth/api';
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import type { Colour, Paint } from '../terminal.ts';
import { type Asked, type Cluster, type OwnOptions, readAsked } from './cluster-options.ts';
import { readTypedObject } from './kind-words.ts';
import { LogFollower, type Mark, nextMark, streamsMax } from './log-follower.ts';
import { type Level, type LineFilter, type LogLine, levels, lineFilter, logLine, textLines } from './log-lines.ts';
import { lastOf, mergedByTime } from './log-merge.ts';
import { type PodQuery, podQuery } from './log-pods.ts';
import { type LogRun, logPath, logRuns, sourceOf } from './log-runs.ts';
import { readSince } from './since.ts';

export const logsOptions: OwnOptions = {
  selector: { type: 'string', short: 'l' },
  follow: { type: 'boolean', short: 'f' },
  since: { type: 'string' },
  tail: { type: 'string' },
  grep: { type: 'string' },
  level: { type: 'string' },
  container: { type: 'string', short: 'c' },
  previous: { type: 'boolean', short: 'p' },
  timestamps: { type: 'boolean' },
};

export const logsUsage = `usage: berth logs KIND/NAME|-l SELECTOR [-n NAMESPACE] [-f] [--since 1h] [--tail N] [--grep TEXT] [--level LEVEL]
                  [-c CONTAINER] [-p] [--timestamps] [-o json] [--kubeconfig FILE]
  of all pods of it, by time; of a container that does not stay up, the run before. --tail counts lines of each container, after
  --grep (whatever the case) and --level (${levels.join(', ')}: and worse). -f goes on, with pods that come, until it is ended.`;

const colours: Colour[] = ['cyan', 'green', 'magenta', 'blue', 'yellow', 'red'];
/** Of each container, while lines are searched. */
const tailMax = 100_000;

export interface LogOutput {
  /** Resolves when it has been taken. */
  write(text: string): Promise<void>;
  /** Beside the lines. */
  note(text: string): void;
  paint: Paint;
}

export async function runLogs(argv: string[], output: LogOutput, signal: AbortSignal = new AbortController().signal): Promise<number> {
  const asked = readAsked(argv, logsOptions);
  if (asked.isHelp) {
    await output.write(`${logsUsage}\n`);
    return 0;
  }
  const wanted = wantedOf(asked);
  const { positionals } = asked;
  const selector = asked.text('selector');
  if ((positionals.length === 0) === (selector === undefined))
    throw new UsageError('it is: berth logs KIND/NAME, or berth logs -l SELECTOR');
  const subject = selector === undefined ? readTypedObject(positionals, 'berth logs KIND/NAME|-l SELECTOR') : undefined;
  return asked.ask(async (cluster) => {
    const pods = subject ? await podQuery(cluster, subject) : { labelSelector: selector, words: `-l ${selector}`, isClosed: false };
    await new Logs(cluster, pods, wanted, output).show(signal);
    return 0;
  });
}

interface Wanted extends LineFilter {
  container: string | undefined;
  isPrevious: boolean;
  isFollowed: boolean;
  isJson: boolean;
  hasTimes: boolean;
  sinceMs: number | undefined;
  tail: number | undefined;
}

function wantedOf(asked: Asked): Wanted {
  const level = asked.text('level')?.toLowerCase();
  if (level !== undefined && !levels.includes(level as Level))
    throw new UsageError(`--level: ${JSON.stringify(level)} is none of ${levels.join(', ')}`);
  const tail = asked.text('tail');
  if (tail !== undefined && !(/^\d{1,9}$/.test(tail) && Number(tail) <= tailMax))
    throw new UsageError(`--tail: ${JSON.stringify(tail)} is no number of lines up to ${tailMax}`);
  const [isPrevious, isFollowed] = [asked.isSet('previous'), asked.isSet('follow')];
  if (isPrevious && isFollowed) throw new UsageError('-p and -f: a run that has ended says nothing more');
  return {
    ...{ isPrevious, isFollowed, isJson: asked.isJson, hasTimes: asked.isSet('timestamps'), container: asked.text('container') },
    ...{ text: asked.text('grep'), level: level as Level | undefined },
    ...{ sinceMs: readSince(asked.text('since')), tail: tail === undefined ? undefined : Number(tail) },
  };
}

class Logs {
  readonly #cluster: Cluster;
  readonly #query: PodQuery;
  readonly #wanted: Wanted;
  readonly #output: LogOutput;
  readonly #marks = new Map<string, Mark>();
  readonly #colours = new Map<string, Colour>();
  #hasPrefix = true;

  constructor(cluster: Cluster, query: PodQuery, wanted: Wanted, output: LogOutput) {
    this.#cluster = cluster;
    this.#query = query;
    this.#wanted = wanted;
    this.#output = output;
  }

  async show(signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#cluster;
    const { container, isFollowed, sinceMs, tail } = this.#wanted;
    const { words, labelSelector, fieldSelector } = this.#query;
    const { items, resourceVersion } = await client.list(Pod, { namespace, labelSelector, fieldSelector });
    const remedy = `kubectl -n ${namespace} get pods --show-labels shows those that there are`;
    if (items.length === 0 && !isFollowed) throw new Error(`${words} has no pods in namespace ${namespace}: ${remedy}`);
    if (items.length === 0) this.#output.note(`${words} has no pods in namespace ${namespace} yet`);
    const runs = this.#runsOf(items);
    this.#hasPrefix = fieldSelector === undefined || runs.length > 1;
    for await (const line of mergedByTime(runs.map((run) => this.#history(run, signal)))) await this.#print(line);
    if (!isFollowed || signal.aborted) return;
    const follower = new LogFollower(
      {
        ...{ client, clock: systemClock, namespace, pods: this.#query, container, query: { sinceMs, tail }, filter: this.#wanted },
        write: (line) => this.#print(line),
        note: (text) => this.#output.note(text),
      },
      this.#marks,
    );
    await follower.run(items, resourceVersion, signal);
  }

  /** @throws Error when there is nothing to read, or too much at a time */
  #runsOf(pods: readonly Pod[]): LogRun[] {
    const { container, isPrevious, isFollowed } = this.#wanted;
    const all = pods.map((pod) => logRuns(pod, { container, isPrevious }, Date.now()));
    const runs = all.flatMap((one) => one.runs);
    const notes = all.flatMap((one) => one.notes);
    if (container !== undefined && pods.length > 0 && runs.length === 0 && notes.length === 0) {
      const names = new Set(pods.flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name)));
      throw new Error(`no pod of ${this.#query.words} has a container ${container}: there are ${[...names].join(', ')}`);
    }
    for (const note of notes) this.#output.note(note);
    if (runs.length > streamsMax) {
      throw new Error(`these are logs of ${runs.length} containers, and ${streamsMax} are read at a time: -c or -l makes them fewer`);
    }
    if (runs.length === 0 && pods.length > 0 && !isFollowed)
      throw new Error(`there is no log to read: berth why ${this.#query.words} says why`);
    return runs;
  }

  #history(run: LogRun, signal: AbortSignal): AsyncIterable<LogLine> {
    const { tail, text, level } = this.#wanted;
    const isSearched = text !== undefined || level !== undefined;
    // The server counts lines before they are searched.
    const lines = this.#read(run, isSearched ? undefined : tail, signal);
    return isSearched && tail !== undefined ? lastOf(lines, tail) : lines;
  }

  async *#read(run: LogRun, tail: number | undefined, signal: AbortSignal): AsyncGenerator<LogLine> {
    const path = logPath(run, { isFollowed: false, tail, sinceMs: this.#wanted.sinceMs });
    const isWanted = lineFilter(this.#wanted);
    const key = `${run.uid}/${run.container}`;
    let mark: Mark | undefined;
    try {
      const answer = await this.#cluster.client.open(path, signal);
      for await (const sent of textLines(answer as AsyncIterable<Uint8Array>)) {
        const line = logLine(sourceOf(run), sent, mark?.key);
        if (line.time !== '') mark = nextMark(mark, line);
        // What is followed later begins where the run that goes on has been read to.
        if (mark && !run.isPrevious) this.#marks.set(key, mark);
        if (isWanted(line.text)) yield line;
      }
    } catch (error) {
      if (signal.aborted) return;
      // One log that cannot be read keeps nobody from the others.
      this.#output.note(`${sourceOf(run)}: ${(error as Error).message}`);
    }
  }

  #print({ source, time, text }: LogLine): Promise<void> {
    const { isJson, hasTimes } = this.#wanted;
    const { write, paint } = this.#output;
    if (isJson) {
      const [pod, container = ''] = source.split('/');
      return write(`${JSON.stringify({ ...(time && { time }), pod, container, text })}\n`);
    }
    const prefix = this.#hasPrefix ? `${paint(this.#colourOf(source), source)} ` : '';
    return write(`${prefix}${hasTimes && time ? `${time} ` : ''}${text}\n`);
  }

  /** In turn: neighbours differ. */
  #colourOf(source: string): Colour {
    const known = this.#colours.get(source) ?? colours[this.#colours.size % colours.length] ?? 'cyan';
    this.#colours.set(source, known);
    return known;
  }
}
