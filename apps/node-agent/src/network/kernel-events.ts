// Hears of what changes in the kernel's network, whoever changes it, from `nft monitor` or `ip monitor`: a burst of lines becomes one call. The program
// ends with the agent, however that ends; one that ends by itself is begun again, and a call is made for what nobody heard meanwhile.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock, Logger, Timer } from '@berth/telemetry';

const burstMs = 200;
const restartMs = 10_000;
/** These programs write a line in many pieces: who waits a little reads it in one. */
const readEveryMs = 50;
/** As much at once is read on, or the program would have to wait, and lose what the kernel says meanwhile. */
const muchBytes = 16_384;
const lineBytesMax = 65_536;

export interface KernelEventsOptions {
  /** Such as `nft monitor destroy`. */
  command: [program: string, ...args: string[]];
  /** Whether a line is cause for a call; absent: each is. */
  isOfInterest?(line: string): boolean;
  /** Something may have changed. Calls do not overlap. @throws what is logged */
  changed(): Promise<void>;
  clock: Clock;
  logger: Logger;
}

export class KernelEvents {
  readonly #options: KernelEventsOptions;
  #child: ChildProcess | undefined;
  #timer: Timer | undefined;
  #calling: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: KernelEventsOptions) {
    this.#options = options;
  }

  /** Safe to repeat. */
  start(): void {
    if (this.#child || this.#isStopped) return;
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...this.#options.command], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    const { isOfInterest = () => true } = this.#options;
    this.#read(child.stdout, (line) => {
      if (isOfInterest(line)) this.#soon(burstMs);
    });
    child.on('error', (error) => this.#options.logger.warn('changes of the network by others are not heard of', { error }));
    child.on('close', () => this.#ended());
    this.#soon(burstMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#child?.kill('SIGKILL');
    await this.#calling;
  }

  #read(stream: Readable, heard: (line: string) => void): void {
    let begun = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = (begun + text).split('\n');
      begun = (lines.pop() ?? '').slice(0, lineBytesMax);
      for (const line of lines) heard(line);
      if (text.length >= muchBytes) return;
      stream.pause();
      this.#options.clock.after(readEveryMs, () => stream.resume());
    });
  }

  #ended(): void {
    this.#child = undefined;
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(restartMs, () => {
      this.#timer = undefined;
      this.start();
    });
  }

  #soon(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer ??= this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      if (this.#calling) this.#soon(burstMs);
      else this.#call();
    });
  }

  #call(): void {
    this.#calling = this.#options
      .changed()
      .catch((error: unknown) => this.#options.logger.warn('what others may have changed of the network could not be looked at', { error }))
      .finally(() => {
        this.#calling = undefined;
      });
  }
}
