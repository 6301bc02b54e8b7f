// Pauses writes to a mounted file system (FIFREEZE) for as long as a task runs, and never longer than a limit. What must hold: it is thawed
// whatever happens. So a process of its own freezes and thaws: when the task ends, when the limit is reached, or when the agent dies, all
// of which it sees as the end of what it reads or of its time. It stands in the mount, which so cannot go while it is frozen.
import { spawn } from 'node:child_process';
import type { RunCommand } from './run-command.ts';

/** Signals of a terminal or a service manager shall not end it between freeze and thaw; nor an agent that reads no more. */
const script = `trap '' INT TERM HUP PIPE
cd "$1" || exit 1
fsfreeze --freeze . || exit 1
echo frozen
timeout --signal=KILL "$2" cat >/dev/null
ended=$?
fsfreeze --unfreeze . || exit 3
exit $ended`;

/** Of `timeout`, when it had to kill. */
const timedOut = 137;
const stderrCharactersMax = 4096;

export interface FreezeOptions {
  /** Where it is mounted. */
  point: string;
  limitSeconds: number;
  run: RunCommand;
}

/**
 * @returns for how long writes could be paused, in milliseconds
 * @throws Error of the task, or that says why what it did is not of one moment: it could not be frozen, or not for long enough
 */
export async function whileFrozen(
  { point, limitSeconds, run }: FreezeOptions,
  task: (signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const startMs = performance.now();
  const keeper = spawn('sh', ['-c', script, 'sh', point, String(limitSeconds)], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  keeper.stderr.on('data', (data) => {
    said = `${said}${data}`.slice(0, stderrCharactersMax);
  });
  // It reads nothing once it has ended; its exit says why.
  keeper.stdin.on('error', () => undefined);
  const ending = new AbortController();
  const ended = new Promise<number | null>((resolve) => {
    keeper.once('error', () => resolve(null));
    keeper.once('close', (code) => resolve(code));
  });
  void ended.then((code) => ending.abort(failure(code, point, limitSeconds, said)));
  try {
    const frozen = await Promise.race([new Promise<true>((resolve) => keeper.stdout.once('data', () => resolve(true))), ended]);
    if (frozen !== true) throw failure(frozen, point, limitSeconds, said);
    await task(ending.signal);
  } finally {
    keeper.stdin.end();
    const code = await ended;
    if (code !== 0) await thaw(run, point);
  }
  const code = await ended;
  if (code !== 0) throw failure(code, point, limitSeconds, said);
  return performance.now() - startMs;
}

/** Safe for what is not frozen. */
export async function thaw(run: RunCommand, point: string): Promise<void> {
  await run('fsfreeze', ['--unfreeze', point]).catch((error: Error) => {
    if (!/Invalid argument/.test(error.message)) throw error;
  });
}

function failure(code: number | null, point: string, limitSeconds: number, said: string): Error {
  if (code === timedOut) return new Error(`copying took longer than the ${limitSeconds} s for which writes may be paused`);
  return new Error(`writes to ${point} could not be paused: ${said.trim() || `the process that pauses them ended with ${code}`}`);
}
