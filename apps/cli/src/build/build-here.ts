// `berth build` in this process: its terminal and variables, ended by SIGINT.
import { paintFor } from '../terminal.ts';
import { runBuild } from './build.ts';

export async function runBuildHere(argv: string[], print: (text: string) => void): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    return await runBuild(argv, {
      print,
      note: (text) => process.stderr.write(`${text}\n`),
      isTerminal: process.stderr.isTTY === true,
      paint: paintFor(process.stderr, process.env),
      environment: process.env,
      signal: interrupted.signal,
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
