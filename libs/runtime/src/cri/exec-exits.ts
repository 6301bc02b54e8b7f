// How processes beside a container's own have ended, as containerd's events tell. A session's result may be lost with its connection, and who
// asks then finds nothing: a short command, or one without input, leaves nothing behind that names it. What is told of is kept for a moment.
import type { Clock } from '@berth/telemetry';
import type { ExecSession } from '../runtime.ts';
import { SilentEndError } from './streaming.ts';

/** Events come within milliseconds, and sessions that wait for one ask within seconds. */
const keptMs = 60_000;
const keptMax = 1_000;
const lookAgainMs = 20;
/** Until an end that nobody has told of is one that nobody will. */
const toldWithinMs = 5_000;

export interface ProcessExit {
  containerId: string;
  exitCode: number;
}

export class ExecExits {
  readonly #clock: Clock;
  #exits: (ProcessExit & { atMs: number })[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ containerId, exitCode }: ProcessExit): void {
    const atMs = this.#clock.monotonicMs();
    this.#exits = this.#exits.filter((exit) => atMs - exit.atMs < keptMs).slice(1 - keptMax);
    this.#exits.push({ containerId, exitCode, atMs });
  }

  /**
   * A session whose result, where its connection ended without one, is that of the only process of the container that has ended meanwhile. Where
   * several have, of probes or of other sessions, and not all in the same way, nobody can say which it was.
   */
  async follow(containerId: string, open: () => Promise<ExecSession>): Promise<ExecSession> {
    const sinceMs = this.#clock.monotonicMs();
    const session = await open();
    const exit = this.#resultOf(containerId, sinceMs, session.exit);
    // Whoever does not ask for the exit code must not bring the process down.
    exit.catch(() => undefined);
    return { ...session, exit };
  }

  async #resultOf(containerId: string, sinceMs: number, exit: Promise<number>): Promise<number> {
    try {
      return await exit;
    } catch (error) {
      if (!(error instanceof SilentEndError)) throw error;
      const exitCode = await this.#told(containerId, sinceMs);
      if (exitCode === undefined) throw error;
      return exitCode;
    }
  }

  async #told(containerId: string, sinceMs: number): Promise<number | undefined> {
    for (const fromMs = this.#clock.monotonicMs(); this.#clock.monotonicMs() - fromMs < toldWithinMs; ) {
      const codes = new Set(this.#exits.filter((exit) => exit.containerId === containerId && exit.atMs >= sinceMs).map((e) => e.exitCode));
      if (codes.size > 0) return codes.size === 1 ? [...codes][0] : undefined;
      await this.#clock.sleep(lookAgainMs);
    }
    return undefined;
  }
}
