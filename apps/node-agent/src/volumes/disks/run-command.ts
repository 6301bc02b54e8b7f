// Programs that make and mount file systems. What one said of its failure is the error's message. They outlive an agent that is killed, and must not
// be cut off in the middle of a resize; so each holds a lock for as long as it runs, and the next agent waits for those before it touches a volume.
import { execFile } from 'node:child_process';

/** @param input what the program reads @returns what it wrote @throws Error with what it said, `code` being its exit code */
export type RunCommand = (command: string, args: readonly string[], input?: string) => Promise<string>;

/** One that hangs for longer keeps the agent from nothing else. */
const endingSecondsMax = 30;
const outputBytesMax = 1024 * 1024;

export const runCommand: RunCommand = (command, args, input) =>
  new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: outputBytesMax }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = `${stderr}`.trim() || `${stdout}`.trim() || error.message;
      reject(Object.assign(new Error(`${command}: ${said}`, { cause: error }), { code: error.code }));
    });
    // A program that ends early does not read all of it; its exit code says why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });

/** The command line of a program that `programsEnded` waits for, also in another process. @param directory is there; its lock is taken */
export function awaited(directory: string, command: string, args: readonly string[]): [string, string[]] {
  return ['flock', ['--shared', '--no-fork', directory, command, ...args]];
}

export function awaitedCommand(directory: string): RunCommand {
  return (command, args, input) => runCommand(...awaited(directory, command, args), input);
}

/** Resolves once nothing runs any more that an agent began which was killed, or after half a minute. */
export async function programsEnded(directory: string): Promise<void> {
  const waiting = ['--exclusive', '--timeout', String(endingSecondsMax), '--conflict-exit-code', '75'];
  await runCommand('flock', [...waiting, directory, 'true']).catch((error: { code?: unknown }) => {
    if (error.code !== 75) throw error;
  });
}
