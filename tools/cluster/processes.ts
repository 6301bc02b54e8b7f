// Background processes of a cluster: each has a record (pid and start time) in the cluster's folder, so that a later command
// finds exactly that process again and never signals a stranger that was given the same pid.
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const logBytesMax = 20 * 1024 * 1024;

export interface ProcessRecord {
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  startTicks: string;
  command: string[];
  /** Where its output begins in the log, which holds that of earlier processes too. */
  logOffset: number;
}

export class ProcessFolder {
  readonly #directory: string;

  /** @param directory holds records in `run/` and output in `log/`. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  logFile(name: string): string {
    return join(this.#directory, 'log', `${name}.log`);
  }

  /** The process if it still runs. @throws Error naming its record when that is garbage */
  running(name: string): ProcessRecord | undefined {
    const record = this.#read(name);
    return record && startTicks(record.pid) === record.startTicks ? record : undefined;
  }

  /** Starts in a session of its own, so that it outlives this command. Does nothing when it runs already. */
  start(name: string, command: string[], env: NodeJS.ProcessEnv = process.env): { record: ProcessRecord; started: boolean } {
    const current = this.running(name);
    if (current) return { record: current, started: false };
    for (const folder of ['run', 'log']) mkdirSync(join(this.#directory, folder), { recursive: true });
    const log = this.logFile(name);
    if (existsSync(log) && statSync(log).size > logBytesMax) truncateSync(log);
    const logOffset = existsSync(log) ? statSync(log).size : 0;
    const output = openSync(log, 'a');
    const [program = '', ...args] = command;
    const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output], env });
    closeSync(output);
    if (child.pid === undefined) throw new Error(`cannot start ${command.join(' ')}: is it installed?`);
    child.unref();
    const record = { pid: child.pid, startTicks: startTicks(child.pid) ?? '', command, logOffset };
    // In one step: a record that was written by half would keep every later command from working.
    const unfinished = `${this.#record(name)}.tmp`;
    writeFileSync(unfinished, `${JSON.stringify(record)}\n`);
    renameSync(unfinished, this.#record(name));
    return { record, started: true };
  }

  /** Of everything that was started and not stopped, whether it runs or has died. */
  names(): string[] {
    const folder = join(this.#directory, 'run');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
  }

  /** Again as it was started, with this process's environment. @throws Error where it never was */
  restart(name: string): { record: ProcessRecord; started: boolean } {
    const record = this.#read(name);
    if (!record) throw new Error(`${name} was never started here, or was stopped`);
    return this.start(name, record.command);
  }

  /** SIGTERM, and SIGKILL when that was not enough. Returns whether it was running. */
  async stop(name: string, timeoutMs = 10_000): Promise<boolean> {
    const record = this.running(name);
    if (record) {
      process.kill(record.pid, 'SIGTERM');
      if (!(await ended(record, timeoutMs))) {
        process.kill(record.pid, 'SIGKILL');
        await ended(record, 5_000);
      }
    }
    rmSync(this.#record(name), { force: true });
    return record !== undefined;
  }

  /** kill -9, for tests of crashes; resolves when the process is gone. */
  async crash(name: string): Promise<void> {
    const record = this.running(name);
    if (!record) throw new Error(`${name} is not running`);
    process.kill(record.pid, 'SIGKILL');
    await ended(record, 5_000);
  }

  /** The last lines of what the newest process printed, for error messages. */
  tail(name: string, lines = 15): string {
    const file = this.logFile(name);
    if (!existsSync(file)) return '';
    const output = readFileSync(file).subarray(this.#read(name)?.logOffset ?? 0);
    return output.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  #read(name: string): ProcessRecord | undefined {
    const file = this.#record(name);
    if (!existsSync(file)) return undefined;
    try {
      const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessRecord>;
      const { pid, startTicks: ticks, command = [], logOffset = 0 } = record;
      if (Number.isInteger(pid) && typeof ticks === 'string') return { pid: pid as number, startTicks: ticks, command, logOffset };
    } catch (error) {
      if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    }
    throw new Error(`${file} does not say which process ${name} is: end ${name} if it still runs (ps), then remove the file`);
  }

  #record(name: string): string {
    return join(this.#directory, 'run', `${name}.json`);
  }
}

function startTicks(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const stat = readFileSync(file, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended, and only its parent has not asked yet; but not while other threads of it hold its ports.
  return fields[0] === 'Z' && threadsOf(pid) <= 1 ? undefined : fields[19];
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH') return 0;
    throw error;
  }
}

async function ended(record: ProcessRecord, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (startTicks(record.pid) === record.startTicks) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
