// containerd's shims as processes of this machine. A shim outlives containerd, and holds a pod's containers; one whose containerd was
// killed before it noted the shim is found by nobody but who looks at processes; nor is a container that was being made when its shim was
// killed, which is below no shim any more.
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import type { Clock } from '@berth/telemetry';

const socketFolder = '/run/containerd/s/';
const pollMs = 20;
/** For the kernel to end processes that it was told to kill. */
const killTimeoutMs = 10_000;

export interface Shim {
  pid: number;
  /** Of the pod's sandbox, or of the only container. */
  id: string;
}

/** An OCI runtime at work on a container, or what it has made to become the container's first process and has not become it yet. */
export interface RuntimeProcess {
  pid: number;
  /** Of the container. */
  id: string;
}

/** Those that containerd on this socket has started. */
export async function shimsOf(containerdSocket: string): Promise<Shim[]> {
  const shims: Shim[] = [];
  for (const pid of await processes()) {
    const args = await argumentsOf(pid);
    if (!basename(args[0] ?? '').startsWith('containerd-shim-')) continue;
    const id = optionOf('-id', args);
    if (id !== undefined && optionOf('-address', args) === containerdSocket) shims.push({ pid, id });
  }
  return shims;
}

/** @param roots where runtimes keep what they know of containers: `--root` of runc and crun, which name the container last */
export async function runtimeProcesses(roots: readonly string[]): Promise<RuntimeProcess[]> {
  const found: RuntimeProcess[] = [];
  for (const pid of await processes()) {
    const args = await argumentsOf(pid);
    const id = args.at(-1);
    if (id && roots.includes(optionOf('--root', args) ?? '')) found.push({ pid, id });
  }
  return found;
}

/** With everything below it. @throws Error when it does not end */
export async function killRuntimeProcess(one: RuntimeProcess, roots: readonly string[], clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + killTimeoutMs;
  const isThere = async () => (await runtimeProcesses(roots)).some(({ pid, id }) => pid === one.pid && id === one.id);
  const below = new Set<number>();
  while (await isThere()) {
    for (const pid of await descendants(one.pid)) below.add(pid);
    kill(one.pid);
    await pause(clock, deadlineMs, `the process ${one.pid} of container ${one.id} does not end`);
  }
  for (const pid of below) kill(pid);
}

/** Kills a shim with all processes of its containers, and removes its socket. @throws Error when they do not end */
export async function killShim(shim: Shim, containerdSocket: string, clock: Clock): Promise<void> {
  const sockets = await socketsOf(shim.pid);
  const deadlineMs = clock.monotonicMs() + killTimeoutMs;
  const isThere = async () => (await shimsOf(containerdSocket)).some(({ pid, id }) => pid === shim.pid && id === shim.id);
  // Its children first: without it they would be anybody's.
  for (let left = await descendants(shim.pid); (await isThere()) && left.length > 0; left = await descendants(shim.pid)) {
    for (const pid of left) kill(pid);
    await pause(clock, deadlineMs, `processes of the shim ${shim.pid} do not end`);
  }
  while (await isThere()) {
    kill(shim.pid);
    await pause(clock, deadlineMs, `the shim ${shim.pid} does not end`);
  }
  for (const socket of sockets) await rm(socket, { force: true });
}

/** Those that shims left which were killed: nobody answers there any more, and nobody else will, as each shim has a name of its own. */
export async function removeDeadSockets(folder = socketFolder): Promise<void> {
  for (const name of (await ifThere(readdir(folder))) ?? []) {
    const path = join(folder, name);
    if (await isRefused(path)) await rm(path, { force: true });
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
}

async function pause(clock: Clock, deadlineMs: number, failure: string): Promise<void> {
  if (clock.monotonicMs() > deadlineMs) throw new Error(failure);
  await clock.sleep(pollMs);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A shim takes in the orphans among the processes below it, so that all are its descendants. */
async function descendants(root: number): Promise<number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const pid of await processes()) {
    const stat = await ifThere(readFile(`/proc/${pid}/stat`, 'utf8'));
    const [state, parentText] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    if (state === undefined || state === 'Z') continue;
    const parent = Number(parentText);
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  for (let next = [root]; next.length > 0; ) {
    next = next.flatMap((pid) => childrenOf.get(pid) ?? []);
    found.push(...next);
  }
  return found;
}

/** The sockets on which a process listens. */
async function socketsOf(pid: number): Promise<string[]> {
  const inodes = new Set<string>();
  for (const fd of (await ifThere(readdir(`/proc/${pid}/fd`))) ?? []) {
    const inode = /^socket:\[(\d+)\]$/.exec((await ifThere(readlink(`/proc/${pid}/fd/${fd}`))) ?? '')?.[1];
    if (inode) inodes.add(inode);
  }
  const lines = (await readFile('/proc/net/unix', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const paths = lines.filter(([, , , , , , inode]) => inodes.has(inode ?? '')).map((fields) => fields[7] ?? '');
  return [...new Set(paths.filter((path) => path.startsWith(socketFolder)))];
}

async function argumentsOf(pid: number): Promise<string[]> {
  const line = (await ifThere(readFile(`/proc/${pid}/cmdline`, 'utf8'))) ?? '';
  return line.replace(/\0$/, '').split('\0');
}

function optionOf(flag: string, args: readonly string[]): string | undefined {
  return args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;
}

async function processes(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Undefined for a process that has ended meanwhile. */
async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
