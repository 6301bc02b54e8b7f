// Reads YAML beside the event loop, in one thread that is made when it is needed and ends when it is not. It must hold that
// nothing a client sends ends more than the thread, and that every body gets an answer.
import { Worker } from 'node:worker_threads';
import { StatusError } from '@berth/machinery';
import type { Clock, Timer } from '@berth/telemetry';
import type { YamlAnswer } from './yaml-body.worker.ts';

/** Bodies that wait for the thread, beside the one that it reads. */
export const waitingBodiesMax = 8;
/** The worst 3 MiB there are take five seconds. */
const readingMsMax = 20_000;
/** What is kept for the next body is some 10 MB. */
const idleMsMax = 5_000;
/** The worst 3 MiB there are need 420 MB for objects. */
const resourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** Beside this file, or beside the bundle that it is part of: tools/build.ts bundles threads for themselves. */
const program = new URL(import.meta.url.endsWith('.ts') ? './yaml-body.worker.ts' : './yaml-body.worker.js', import.meta.url);

interface Job {
  body: Uint8Array;
  signal: AbortSignal | undefined;
  resolve(json: string): void;
  reject(error: unknown): void;
}

export interface YamlThreadOptions {
  clock: Clock;
  /** For tests, which need not wait for the worst there is. */
  readingMs?: number;
  limits?: { maxOldGenerationSizeMb?: number };
}

export class YamlThread {
  readonly #options: YamlThreadOptions;
  readonly #waiting: Job[] = [];
  #active: Job | undefined;
  #worker: Worker | undefined;
  /** Until the thread has read for too long, or has been idle for too long. */
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: YamlThreadOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** @param signal aborts when nobody waits for the answer any more. @throws StatusError 400 for what is no YAML, 413 for what takes too much, 429 when too many wait */
  read(body: Uint8Array, signal?: AbortSignal): Promise<string> {
    if (this.#isStopped) return Promise.reject(StatusError.unavailable('the server is stopping'));
    if (this.#waiting.length >= waitingBodiesMax) {
      return Promise.reject(StatusError.tooManyRequests('too many long bodies in YAML wait to be read; please try again, or send JSON', 1));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ body, signal, resolve, reject });
      if (!this.#active) this.#next();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const stopping = StatusError.unavailable('the server is stopping');
    for (const job of this.#waiting.splice(0)) job.reject(stopping);
    await this.#end(stopping);
  }

  #next(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const job = this.#waiting.shift();
    this.#active = job;
    const { clock, readingMs = readingMsMax } = this.#options;
    if (!job) {
      if (this.#worker) this.#timer = clock.after(idleMsMax, () => void this.#end());
    } else if (job.signal?.aborted) {
      job.reject(StatusError.badRequest('the request ended before its body was read'));
      this.#next();
    } else {
      this.#timer = clock.after(readingMs, () => void this.#giveUp(`it took longer than ${readingMs / 1000} s`));
      this.#worker ??= this.#start();
      // A copy that the thread takes over: the body may be part of a larger buffer, which would go along.
      const own = new Uint8Array(job.body);
      this.#worker.postMessage(own, [own.buffer]);
    }
  }

  #start(): Worker {
    const limits = { ...resourceLimits, ...this.#options.limits };
    const worker = new Worker(program, { name: 'yaml', resourceLimits: limits, execArgv: [], env: {} });
    worker.unref();
    worker.on('message', (answer: YamlAnswer) => {
      if (this.#worker === worker) this.#answer(answer);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#worker !== worker) return;
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') void this.#giveUp('it took too much memory');
      else void this.#end(error);
    });
    return worker;
  }

  #answer(answer: YamlAnswer): void {
    const job = this.#active;
    if ('json' in answer) job?.resolve(answer.json);
    else job?.reject(StatusError.from(answer.status));
    this.#next();
  }

  #giveUp(problem: string): Promise<void> {
    return this.#end(StatusError.tooLarge(`error converting YAML to JSON: ${problem}; send JSON`));
  }

  /** Ends the thread, and with it what it reads; what waits gets a new one. */
  async #end(error?: unknown): Promise<void> {
    const worker = this.#worker;
    const job = this.#active;
    this.#worker = undefined;
    job?.reject(error);
    this.#next();
    await worker?.terminate();
  }
}
