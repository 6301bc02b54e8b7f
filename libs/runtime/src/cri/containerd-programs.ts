// The programs that run containers on this machine: a containerd of whatever version is there, its client, and OCI runtimes. One that is named by
// its path brings what lies beside it: a shim, and a client of the same version.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Those that are looked for, the first one that is there being the one for pods that choose none. */
const knownRuntimes = ['runc', 'crun'];

export interface ContainerdVersion {
  major: number;
  minor: number;
}

/** What runs the processes of a container: a handler of that name, for RuntimeClasses. */
export interface OciRuntime {
  name: string;
  path: string;
}

export interface ContainerdPrograms {
  /** A path, or a name to be looked up in PATH. */
  containerd: string;
  /** Absent: whichever is there. */
  ociRuntime?: string | undefined;
}

export const usualPrograms: ContainerdPrograms = { containerd: 'containerd' };

/** @throws Error naming the remedy where it cannot be run */
export async function containerdVersion({ containerd }: ContainerdPrograms): Promise<ContainerdVersion> {
  let said: string;
  try {
    said = (await run(containerd, ['--version'])).stdout;
  } catch (error) {
    const remedy = containerd === 'containerd' ? '; install the Debian package containerd' : '';
    throw new Error(`cannot start containerd: ${(error as Error).message}${remedy}`, { cause: error });
  }
  return parseContainerdVersion(said);
}

/** @param said such as `containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4` @throws Error for what is no version */
export function parseContainerdVersion(said: string): ContainerdVersion {
  const [, , version = ''] = said.trim().split(/\s+/);
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined)
    throw new Error(`containerd does not say its version: ${JSON.stringify(said.slice(0, 200))}`);
  return { major: Number(major), minor: Number(minor) };
}

/** The first one is for pods that choose none. @throws Error where there is none, or not the one that was asked for */
export function ociRuntimes({ ociRuntime }: ContainerdPrograms, path = process.env.PATH ?? ''): [OciRuntime, ...OciRuntime[]] {
  const chosen = ociRuntime === undefined ? [] : [ociRuntime];
  if (ociRuntime !== undefined && found(ociRuntime, path) === undefined) throw new Error(`there is no OCI runtime ${ociRuntime}`);
  const byName = new Map<string, OciRuntime>();
  for (const program of [...chosen, ...knownRuntimes]) {
    const [name, at] = [basename(program), found(program, path)];
    if (at !== undefined && !byName.has(name)) byName.set(name, { name, path: at });
  }
  const [first, ...others] = byName.values();
  if (!first) throw new Error('there is no OCI runtime; install the Debian package runc, or crun');
  return [first, ...others];
}

/** Its own client where there is one beside it. */
export function ctrOf({ containerd }: ContainerdPrograms): string {
  const beside = join(dirname(containerd), 'ctr');
  return containerd.includes('/') && existsSync(beside) ? beside : 'ctr';
}

/** With what lies beside a containerd that is named by its path before everything else: its shim must be of its version. */
export function searchPath({ containerd }: ContainerdPrograms, path = process.env.PATH ?? ''): string {
  return containerd.includes('/') ? [dirname(containerd), path].join(delimiter) : path;
}

/** The file that it is; undefined where there is none. */
export function containerdFile({ containerd }: ContainerdPrograms): string | undefined {
  const at = found(containerd, process.env.PATH ?? '');
  return at === undefined ? undefined : realpathSync(at);
}

function found(program: string, path: string): string | undefined {
  const candidates = program.includes('/') ? [program] : path.split(delimiter).map((folder) => join(folder, program));
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: either way the next one is tried.
    return false;
  }
}
