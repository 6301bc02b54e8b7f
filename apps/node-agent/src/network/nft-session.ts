// Applies small changes by a program `nft` that is there already: to begin one costs several times what a change does. It reads statements as a
// person would type them, a line each, and ends with the agent, when it was idle, and after a number of lines, as it keeps what it was sent.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import type { CommandRunner } from './commands.ts';

const idleMs = 60_000;
/** It looks through all lines before at each one: more cost more than to begin another. */
const scriptsMax = 250;
/** It takes in what it reads byte by byte: what is longer is cheaper by a program of its own. */
const scriptBytesMax = 8_192;
const timeoutMs = 20_000;
const outputBytesMax = 1024 * 1024;
/** What it answers to a question that costs nothing, after all that it has to say of what came before; few have an answer of so few pieces. */
const [question, answer] = ['describe verdict', 'datatype verdict ('];

export interface NftSessionOptions {
  run: CommandRunner;
  clock: Clock;
  logger: Logger;
}

interface Child {
  process: ChildProcess;
  scripts: number;
  output: string;
  /** Of the script that it works on. */
  settle?: ((error?: Error) => void) | undefined;
}

/** It said nothing of the script, which may be in force or not. */
class SessionLost extends Error {}

export class NftSession {
  readonly #options: NftSessionOptions;
  #child: Child | undefined;
  #idle: Timer | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: NftSessionOptions) {
    this.#options = options;
  }

  /** One transaction. Those that come at once wait for each other. @param script statements by lines. @throws Error with what nft said */
  apply(script: string): Promise<void> {
    const done = this.#last.then(() => this.#apply(script));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async stop(): Promise<void> {
    await this.#last;
    this.#end();
  }

  async #apply(script: string): Promise<void> {
    if (script.length <= scriptBytesMax) {
      try {
        return await this.#send(script.trimEnd().replaceAll('\n', '; '));
      } catch (error) {
        this.#end();
        if (!(error instanceof SessionLost)) throw error;
        this.#options.logger.warn('a program nft that was to stay has ended; beginning another', { error });
      }
    }
    await this.#options.run('nft', ['-f', '-'], script);
  }

  #send(line: string): Promise<void> {
    this.#idle?.cancel();
    if (this.#child && this.#child.scripts >= scriptsMax) this.#end();
    const child = this.#child ?? this.#begin();
    child.scripts++;
    child.output = '';
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(timeoutMs, () => child.settle?.(new SessionLost('nft does not answer')));
      child.settle = (error) => {
        child.settle = undefined;
        timer.cancel();
        this.#idle = this.#options.clock.after(idleMs, () => this.#end());
        if (error) reject(error);
        else resolve();
      };
      child.process.stdin?.write(`${line}\n${question}\n`);
    });
  }

  #begin(): Child {
    // It would keep its history in a file of the home directory.
    const env = { PATH: process.env['PATH'], HOME: '/dev/null' };
    const words = ['--pdeathsig', 'KILL', 'sh', '-c', 'exec nft -i 2>&1'];
    const child: Child = { process: spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'ignore'], env }), scripts: 0, output: '' };
    const lost = (why: string) => {
      if (this.#child === child) this.#child = undefined;
      child.settle?.(new SessionLost(`${why} ${child.output.trim()}`.trim()));
    };
    child.process.on('error', (error) => lost(error.message));
    child.process.on('close', (code) => lost(`exit code ${code}`));
    child.process.stdin?.on('error', (error) => lost(error.message));
    child.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      child.output += text;
      if (child.output.length > outputBytesMax) child.process.kill('SIGKILL');
      if (!child.output.includes(answer)) return;
      const error = child.output.includes('Error: ')
        ? new Error(`nft: ${child.output.slice(0, child.output.indexOf(answer)).trim()}`)
        : undefined;
      child.settle?.(error);
    });
    this.#child = child;
    return child;
  }

  #end(): void {
    this.#idle?.cancel();
    this.#child?.process.kill('SIGKILL');
    this.#child = undefined;
  }
}
