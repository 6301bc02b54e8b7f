// containerd's own client program, for what CRI does not show: in the namespace that CRI keeps its images and containers in.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Which containerd is asked, and by which program. */
export interface CtrTarget {
  socket: string;
  program: string;
}

/** @returns what it printed @throws Error with its `stderr` */
export async function ctr(
  { socket, program }: CtrTarget,
  args: string[],
  options: { timeout?: number; maxBuffer?: number } = {},
): Promise<string> {
  return (await run(program, ['--address', socket, '--namespace', 'k8s.io', ...args], options)).stdout;
}
