// Interactive sessions with containers: the CRI answers exec, attach and port-forward with a URL, which speaks SPDY/3.1.
import type { Duplex } from 'node:stream';
import type { ExecOptions, ExecSession } from '../runtime.ts';

export async function openExec(url: string, options: Omit<ExecOptions, 'command'>): Promise<ExecSession> {
  throw new Error(`no streaming yet: ${url} ${options.tty}`);
}

export async function openPortForward(url: string, port: number): Promise<Duplex> {
  throw new Error(`no streaming yet: ${url} ${port}`);
}
