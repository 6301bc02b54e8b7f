// Programs that make and mount file systems. What one said of its failure is the error's message.
import { execFile } from 'node:child_process';

/** @param input what the program reads @returns what it wrote @throws Error with what it said, `code` being its exit code */
export type RunCommand = (command: string, args: readonly string[], input?: string) => Promise<string>;

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
