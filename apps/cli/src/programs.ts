// The programs of an installation: where they lie beside this one, and the flags that Node runs them with.
import { fileURLToPath } from 'node:url';

export type ProgramName = 'control-plane' | 'node-agent';

/** In coreutils, and so on every Debian. It becomes the program that it is given. */
const env = '/usr/bin/env';

/**
 * What the C library's allocator keeps: reading the text of a program leaves holes of a dozen megabytes among what stays, in pieces
 * of 32 KiB. Pieces of that size get pages of their own, which go back to the kernel with them.
 */
const allocation = ['MALLOC_MMAP_THRESHOLD_=32768', 'MALLOC_TRIM_THRESHOLD_=131072', 'MALLOC_TOP_PAD_=65536'];

/**
 * A small young generation and no source maps kept in memory: together they save 50 MB of an idle process's 180. A control plane
 * gets a larger one: idle it costs nothing that can be measured, and under load it saves a fifth of what a request costs.
 * node:sqlite still calls itself experimental.
 */
export function nodeFlags(program: ProgramName): string[] {
  const youngMegabytes = program === 'control-plane' ? 32 : 4;
  return [`--max-semi-space-size=${youngMegabytes}`, '--disable-warning=ExperimentalWarning'];
}

/** Runs the file that follows. */
export function nodeCommand(program: ProgramName): string[] {
  return [env, ...allocation, process.execPath, ...nodeFlags(program)];
}

/** @param from the URL of this program's main file, which is at the same depth in the sources and in a package */
export function programCommand(program: ProgramName, args: string[], from: string = import.meta.url): string[] {
  return [...nodeCommand(program), fileURLToPath(new URL(`../../${program}/dist/main.js`, from)), ...args];
}

/** This one, as one file; in the sources, there once it was built. */
export function ownProgram(): string {
  return fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
}

/** Becomes that program: it has this one's process, so that whoever started it sees it end, and its signals reach it. */
export function become(program: ProgramName, args: string[]): never {
  const [file = '', ...rest] = programCommand(program, args);
  if (!process.execve) throw new Error(`this Node (${process.version}) cannot run another program in its place: version 24 is needed`);
  return process.execve(file, [file, ...rest], process.env as Record<string, string>);
}
