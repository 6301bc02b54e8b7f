// Runs ip and nft. A failure carries what the program said.
import { spawn } from 'node:child_process';

export type CommandRunner = (program: string, args: string[], input?: string) => Promise<string>;

const timeoutMs = 20_000;
/** Some 200,000 lines of conntrack's. */
const outputBytesMax = 32 * 1024 * 1024;

/** @throws Error with the program's standard error */
export const runCommand: CommandRunner = (program, args, input) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs });
    child.on('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`, { cause: error })));
    // Not started, it has no pipes where it was descriptors that were wanting.
    if (child.pid === undefined) return;
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.length > outputBytesMax) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < outputBytesMax) stderr += text;
    });
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${program} ${args.join(' ')} failed: ${stderr.trim() || `exit code ${code}`}`));
    });
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(input);
  });
