// Learns from systemd's logind that the machine is about to be switched off, and holds that up until pods have ended. One child does
// both: systemd-inhibit holds the lock for as long as its command runs, and its command prints logind's signal. Without systemd there
// is none of this; then whoever switches the machine off sends the agent SIGPWR before.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Clock, Logger } from '@berth/telemetry';

const run = promisify(execFile);
const logind = ['org.freedesktop.login1', '/org/freedesktop/login1', 'org.freedesktop.login1.Manager'] as const;
const signalRule = `type='signal',path='${logind[1]}',interface='${logind[2]}',member='PrepareForShutdown'`;
const monitor = ['busctl', '--json=short', 'monitor', `--match=${signalRule}`];
const inhibit = ['systemd-inhibit', '--what=shutdown', '--mode=delay', '--who=berth', '--why=pods have to end'];
const configurationDirectory = '/etc/systemd/logind.conf.d';
const retryMs = 5_000;

export interface ShutdownInhibitorDeps {
  /** Called when the machine is about to be switched off; it goes on with that once this resolves. */
  shuttingDown(): Promise<void>;
  /** It stays on after all. */
  cancelled(): void;
  clock: Clock;
  logger: Logger;
  /** Holds the lock and prints what logind says; a test gives another. */
  command?: readonly string[];
}

export class ShutdownInhibitor {
  readonly #deps: ShutdownInhibitorDeps;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;

  constructor(deps: ShutdownInhibitorDeps) {
    this.#deps = deps;
  }

  start(): void {
    void this.#hold();
  }

  stop(): void {
    this.#stopping.abort(new Error('the agent is stopping'));
    this.#child?.kill();
  }

  /** Holds the lock again whenever it was lost or given up. */
  async #hold(): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!this.#stopping.signal.aborted) {
      await this.#holdOnce().catch((error: unknown) => logger.warn('shutdowns of the machine cannot be delayed; trying again', { error }));
      await clock.sleep(retryMs, this.#stopping.signal).catch(() => undefined);
    }
  }

  /** Resolves when the child is gone. */
  async #holdOnce(): Promise<void> {
    const [file = '', ...parameters] = this.#deps.command ?? [...inhibit, ...monitor];
    const child = spawn(file, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => resolve());
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const isShuttingDown = preparesForShutdown(line);
      if (isShuttingDown === false) this.#deps.cancelled();
      // Its end is what lets the machine go.
      if (isShuttingDown) void this.#deps.shuttingDown().finally(() => child.kill());
    });
    await ended;
  }
}

/** What a line of busctl's says of a shutdown: that it begins (true), that it was cancelled (false), or nothing. */
export function preparesForShutdown(line: string): boolean | undefined {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    // It says in plain words that it began to listen.
    return undefined;
  }
  const { member, payload } = message as { member?: unknown; payload?: { data?: unknown } };
  const first: unknown = Array.isArray(payload?.data) ? payload.data[0] : undefined;
  return member === 'PrepareForShutdown' && typeof first === 'boolean' ? first : undefined;
}

/** Whether systemd runs this machine, and can be asked. */
export async function hasLogind(): Promise<boolean> {
  return access('/run/systemd/system').then(
    () => true,
    () => false,
  );
}

/** Lets logind wait as long as pods may take, which is five seconds otherwise. @throws when it does not take that */
export async function allowDelay(seconds: number): Promise<void> {
  const { stdout } = await run('busctl', ['get-property', ...logind, 'InhibitDelayMaxUSec']);
  if (Number(/^t (\d+)/.exec(stdout)?.[1] ?? 0) >= seconds * 1_000_000) return;
  await mkdir(configurationDirectory, { recursive: true });
  const text = `# Written by Berth's node agent, for its pods to end before the machine does.\n[Login]\nInhibitDelayMaxSec=${seconds}\n`;
  await writeFile(`${configurationDirectory}/99-berth.conf`, text, { mode: 0o644 });
  await run('systemctl', ['kill', '--signal=HUP', 'systemd-logind.service']);
}
