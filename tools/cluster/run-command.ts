// Runs a program to its end and returns what it printed; a failure says what it printed, too.
import { spawn } from 'node:child_process';

export interface CommandOptions {
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  input?: string;
}

export interface CommandResult {
  stdout: string;
  stderr: string;
}

export class CommandError extends Error {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string[], exitCode: number | null, { stdout, stderr }: CommandResult) {
    super(`${command.join(' ')} ended with ${exitCode ?? 'a signal'}:\n${(stderr || stdout).trim().slice(-4000)}`);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** @throws CommandError when it does not end with 0 in time */
export function runCommand(command: string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...args] = command;
  const { timeoutMs = 60_000, env = process.env, cwd, input } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, timeout: timeoutMs, stdio: ['pipe', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
    });
    child.on('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`, { cause: error })));
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new CommandError(command, code, output))));
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(input);
  });
}
