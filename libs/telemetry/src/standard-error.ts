// Standard error as a place for log lines that never ends the process: a full disk under the file that it is redirected to loses lines,
// and says how many once there is space again.
import { fstatSync, writeSync } from 'node:fs';

const standardError = 2;

/** Takes one whole line at a time. */
export function standardErrorLines(fd: number = standardError): (line: string) => void {
  // What else is written there, such as Node's own warnings, may fail as well.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  if (!fstatSync(fd).isFile()) return (line) => void process.stderr.write(line);
  let lost = 0;
  let unfinished = false;
  return (line) => {
    const before = lost > 0 ? `${JSON.stringify({ level: 'warn', message: 'log lines were lost: the disk was full', lines: lost })}\n` : '';
    const bytes = Buffer.from(`${unfinished ? '\n' : ''}${before}${line}`);
    try {
      const written = writeSync(fd, bytes);
      unfinished = written < bytes.length;
      if (unfinished) lost++;
      else lost = 0;
    } catch {
      // There is no other place to say it.
      lost++;
    }
  };
}
