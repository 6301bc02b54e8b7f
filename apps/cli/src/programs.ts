// The programs of an installation: where they lie beside this one, and the flags that Node runs them with.
import { fileURLToPath } from 'node:url';

export type ProgramName = 'control-plane' | 'node-agent';

/**
 * A small young generation and no source maps kept in memory: together they save 50 MB of an idle process's 180. A control plane
 * gets a larger one: idle it costs nothing that can be measured, and under load it saves a fifth of what a request costs.
 * node:sqlite still calls itself experimental.
 */
export function nodeFlags(program: ProgramName): string[] {
  const youngMegabytes = program === 'control-plane' ? 32 : 4;
  return [`--max-semi-space-size=${youngMegabytes}`, '--disable-warning=ExperimentalWarning'];
}

/** @param from the URL of this program's main file, which is at the same depth in the sources and in a package */
export function programCommand(program: ProgramName, args: string[], from: string = import.meta.url): string[] {
  return [process.execPath, ...nodeFlags(program), fileURLToPath(new URL(`../../${program}/dist/main.js`, from)), ...args];
}

/** Becomes that program: it has this one's process, so that whoever started it sees it end, and its signals reach it. */
export function become(program: ProgramName, args: string[]): never {
  const [file = '', ...rest] = programCommand(program, args);
  if (!process.execve) throw new Error(`this Node (${process.version}) cannot run another program in its place: version 24 is needed`);
  return process.execve(file, [file, ...rest], process.env as Record<string, string>);
}
