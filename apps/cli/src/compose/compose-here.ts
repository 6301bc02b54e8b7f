// `berth compose` in this process: its terminal, its variables, its folder, ended by SIGINT.
import { runCompose } from './compose.ts';

export async function runComposeHere(argv: string[], print: (text: string) => void): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    return await runCompose(argv, {
      print,
      warn: (text) => process.stderr.write(`${text}\n`),
      isTerminal: process.stderr.isTTY === true,
      stdin: process.stdin,
      environment: process.env,
      directory: process.cwd(),
      signal: interrupted.signal,
    });
  } finally {
    process.off('SIGINT', interrupt);
  }
}
