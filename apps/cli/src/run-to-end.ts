// Another program, whose output goes where this one's goes, and whose failure is this one's.
import { spawn } from 'node:child_process';

/** @throws Error when it cannot be started, or does not end with 0 */
export function runToEnd([file = '', ...args]: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(-4000);
      process.stderr.write(text);
    });
    child.once('error', (error) => reject(new Error(`cannot run ${file}: ${error.message}`, { cause: error })));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${[file, ...args].join(' ')} ended with ${code ?? signal}: ${errors.trim().split('\n').at(-1) ?? ''}`));
    });
  });
}
