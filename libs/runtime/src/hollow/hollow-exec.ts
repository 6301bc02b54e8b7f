// The few commands a simulated container understands, enough for probes, hooks and exec tests:
// true, false, exit N, echo …, cat, sleep N, and each of them behind `sh -c`. Others end with 127.
import { PassThrough } from 'node:stream';
import type { Clock } from '@berth/telemetry';
import type { ExecOptions, ExecSession } from '../runtime.ts';

function words(command: string[]): string[] {
  const [program, flag, script] = command;
  if (program && /(^|\/)sh$/.test(program) && flag === '-c' && script) return script.trim().split(/\s+/);
  return command;
}

/** Runs a command that needs no stdin. */
export async function hollowExec(clock: Clock, command: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const [program = '', ...args] = words(command);
  switch (program.split('/').at(-1)) {
    case 'true':
    case 'cat':
      return { exitCode: 0, stdout: '', stderr: '' };
    case 'false':
      return { exitCode: 1, stdout: '', stderr: '' };
    case 'exit':
      return { exitCode: Number(args[0] ?? 0), stdout: '', stderr: '' };
    case 'echo':
      return { exitCode: 0, stdout: `${args.join(' ')}\n`, stderr: '' };
    case 'sleep':
      await clock.sleep(Number(args[0] ?? 0) * 1000);
      return { exitCode: 0, stdout: '', stderr: '' };
    default:
      return { exitCode: 127, stdout: '', stderr: `${program}: not found\n` };
  }
}

export function hollowExecSession(clock: Clock, options: ExecOptions): ExecSession {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stdin = new PassThrough();
  const finish = Promise.withResolvers<number>();
  const end = (exitCode: number) => {
    stdout.end();
    stderr.end();
    finish.resolve(exitCode);
  };
  if (options.stdin && words(options.command)[0]?.split('/').at(-1) === 'cat') {
    stdin.pipe(stdout, { end: false });
    stdin.on('end', () => end(0));
  } else {
    stdin.resume();
    void hollowExec(clock, options.command).then((result) => {
      stdout.write(result.stdout);
      (options.tty ? stdout : stderr).write(result.stderr);
      end(result.exitCode);
    });
  }
  return {
    stdin: options.stdin ? stdin : undefined,
    stdout: options.stdout ? stdout : undefined,
    stderr: options.stderr && !options.tty ? stderr : undefined,
    resize() {},
    exit: finish.promise,
    close: () => end(137),
  };
}
