// Keeps programs running: one that ends is started again, at once if it ran for a while, with growing pauses if not. Its programs end with
// it, however it ends, so that whoever starts it anew finds their ports free; containers, which are none of its programs, go on.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock, Logger, Timer } from '@berth/telemetry';

export interface Program {
  name: string;
  command: string[];
  env?: NodeJS.ProcessEnv;
}

export interface SupervisorOptions {
  clock: Clock;
  logger: Logger;
  /** Called when a program says that it can never run as it is told to: it is not started again. */
  gaveUp(name: string): void;
}

const firstPauseMs = 500;
const pauseMsMax = 5_000;
/** What ran so long did not end because of how it was started. */
export const steadyMs = 10_000;
/** Wrong usage, by every program here. */
const usageExitCode = 2;
const stopTimeoutMs = 25_000;
/** Has the kernel end a program when the one that started it has ended. Part of every Debian. */
const setpriv = '/usr/bin/setpriv';

/** @param shortLives how many in a row, the last one included, ended before they were steady: none where the last one was steady */
export function pauseMs(shortLives: number): number {
  return shortLives === 0 ? 0 : Math.min(pauseMsMax, firstPauseMs * 2 ** Math.min(shortLives - 1, 10));
}

interface Running {
  program: Program;
  child: ChildProcess | undefined;
  timer: Timer | undefined;
  shortLives: number;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #programs: Running[] = [];
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  run(program: Program): void {
    const running: Running = { program, child: undefined, timer: undefined, shortLives: 0 };
    this.#programs.push(running);
    this.#start(running);
  }

  /** Ends all, the last one first; resolves when they have ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const running of this.#programs.reverse()) {
      running.timer?.cancel();
      await this.#end(running);
    }
  }

  #start(running: Running): void {
    const { clock, logger } = this.#options;
    const { name, command, env = process.env } = running.program;
    const [file = '', ...args] = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--', ...command] : command;
    const startedMs = clock.monotonicMs();
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    running.child = child;
    logger.info('started', { program: name, pid: child.pid });
    child.once('error', (error) => logger.error('a program cannot be started', { program: name, error }));
    child.once('close', (exitCode, signal) => {
      running.child = undefined;
      if (!this.#stopping) this.#ended(running, { exitCode, signal, ranMs: clock.monotonicMs() - startedMs });
    });
  }

  #ended(running: Running, how: { exitCode: number | null; signal: NodeJS.Signals | null; ranMs: number }): void {
    const { clock, logger, gaveUp } = this.#options;
    const { name } = running.program;
    if (how.exitCode === usageExitCode) {
      gaveUp(name);
      return;
    }
    running.shortLives = how.ranMs >= steadyMs ? 0 : running.shortLives + 1;
    const delayMs = pauseMs(running.shortLives);
    logger.warn('a program ended and is started again', { program: name, ...how, ranMs: Math.round(how.ranMs), delayMs });
    running.timer = clock.after(delayMs, () => this.#start(running));
  }

  async #end({ child }: Running): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGTERM');
    const timer = this.#options.clock.after(stopTimeoutMs, () => child.kill('SIGKILL'));
    await ended;
    timer.cancel();
  }
}
