// A command that ends before it has read its input: containerd waits for ever to hand over the rest, and tells nobody that the
// command has ended. So its end is asked for beside the session, and what is left of the input is taken out of the way.
// A session whose connection broke before its result came has the same exit code to fall back on.
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@berth/telemetry';
import type { ExecSession } from '../runtime.ts';
import { SilentEndError } from './streaming.ts';

const suffix = '-stdin';
/** containerd makes the pipe when the session's streams are there. */
const appearsWithinMs = 5_000;
const lookAgainMs = 10;
/** Until containerd's own word of the end is overdue. */
const patienceMs = 50;
const drainAgainMs = 50;
/** Until the connection of a session that has ended is given up, and its exit code taken from elsewhere. */
const resultWithinMs = 5_000;
const bufferBytes = 64 * 2 ** 10;

export interface ExecInputDeps {
  /** containerd's folder for what it keeps of running containers: `<stateDir>/containers/<id>/io`. */
  stateDirectory(): Promise<string>;
  /** Undefined when the process is not known (any more). */
  processEnd(containerId: string, execId: string, signal: AbortSignal): Promise<number | undefined>;
  clock: Clock;
}

export class ExecInputs {
  readonly #deps: ExecInputDeps;
  /** By container: pipes that belong to a session, or did and are still there. */
  readonly #claimed = new Map<string, Set<string>>();
  /** By container: settles when the session begun last has found its pipe. */
  readonly #starting = new Map<string, Promise<void>>();

  constructor(deps: ExecInputDeps) {
    this.#deps = deps;
  }

  /** Of a container that is gone. */
  forget(containerId: string): void {
    this.#claimed.delete(containerId);
  }

  /** Opens a session with input, in its turn: of two at once it could not be told which pipe is whose. */
  async open(containerId: string, openSession: () => Promise<ExecSession>): Promise<ExecSession> {
    const before = this.#starting.get(containerId);
    const found = Promise.withResolvers<void>();
    this.#starting.set(containerId, found.promise);
    void found.promise.then(() => this.#starting.get(containerId) === found.promise && this.#starting.delete(containerId));
    await before;
    try {
      const session = await openSession();
      const exit = this.#exitOf(containerId, session, found.resolve);
      // Whoever does not ask for the exit code must not bring the process down.
      exit.catch(() => undefined);
      return { ...session, exit };
    } catch (error) {
      found.resolve();
      throw error;
    }
  }

  async #exitOf(containerId: string, session: ExecSession, found: () => void): Promise<number> {
    const over = new AbortController();
    const forced = Promise.withResolvers<number>();
    const ended = this.#watch(containerId, session, over.signal, found, forced.resolve).catch(() => undefined);
    try {
      return await Promise.race([session.exit, forced.promise]);
    } catch (error) {
      if (!(error instanceof SilentEndError)) throw error;
      // The command has ended, and its result was lost with the connection.
      const code = await Promise.race([ended, this.#deps.clock.sleep(resultWithinMs).then(() => undefined)]);
      if (code === undefined) throw error;
      return code;
    } finally {
      over.abort(new Error('the session is over'));
    }
  }

  /** Resolves with the exit code as soon as the command has ended, then clears its pipe until the session is over. */
  async #watch(
    containerId: string,
    session: ExecSession,
    over: AbortSignal,
    found: () => void,
    force: (exitCode: number) => void,
  ): Promise<number | undefined> {
    const pipe = await this.#claim(containerId, over).finally(found);
    const exitCode = pipe && (await this.#end(containerId, pipe.execId, over));
    if (pipe === undefined || exitCode === undefined) return undefined;
    void this.#clear(pipe.path, over).then((isOver) => {
      if (isOver) return;
      force(exitCode);
      session.close();
    });
    return exitCode;
  }

  /** The pipe is there before the process is. */
  async #end(containerId: string, execId: string, over: AbortSignal): Promise<number | undefined> {
    const { clock, processEnd } = this.#deps;
    for (const sinceMs = clock.monotonicMs(); clock.monotonicMs() - sinceMs < appearsWithinMs; ) {
      const exitCode = await processEnd(containerId, execId, over);
      if (exitCode !== undefined || over.aborted) return exitCode;
      await clock.sleep(lookAgainMs, over).catch(() => undefined);
    }
    return undefined;
  }

  /** The pipe of a session that was begun just now; undefined when there is none, because the command was not started. */
  async #claim(containerId: string, over: AbortSignal): Promise<{ path: string; execId: string } | undefined> {
    const { clock, stateDirectory } = this.#deps;
    const directory = join(await stateDirectory(), 'containers', containerId, 'io');
    for (const sinceMs = clock.monotonicMs(); clock.monotonicMs() - sinceMs < appearsWithinMs && !over.aborted; ) {
      const present = await pipesIn(directory);
      const claimed = new Set(present.filter((name) => this.#claimed.get(containerId)?.has(name)));
      this.#claimed.set(containerId, claimed);
      for (const name of present) {
        const execId = name.slice(name.lastIndexOf('/') + 1, -suffix.length);
        if (execId === containerId || claimed.has(name)) continue;
        claimed.add(name);
        return { path: join(directory, name), execId };
      }
      await clock.sleep(lookAgainMs, over).catch(() => undefined);
    }
    return undefined;
  }

  /** Whether the session was over in time. */
  async #clear(path: string, over: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps;
    const sinceMs = clock.monotonicMs();
    await clock.sleep(patienceMs, over).catch(() => undefined);
    while (!over.aborted && clock.monotonicMs() - sinceMs < resultWithinMs) {
      // What cannot be read is not in the way for ever: the session is closed once its time is over.
      await drain(path).catch(() => undefined);
      await clock.sleep(drainAgainMs, over).catch(() => undefined);
    }
    return over.aborted;
  }
}

/** `<random>/<exec id>-stdin` of each. */
async function pipesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(suffix));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Reads what there is, for nobody. */
async function drain(path: string): Promise<void> {
  try {
    await using pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(bufferBytes);
    while ((await pipe.read(buffer, 0, bufferBytes, null)).bytesRead > 0);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // It is gone with its session, or empty for now.
    if (code !== 'ENOENT' && code !== 'EAGAIN') throw error;
  }
}
