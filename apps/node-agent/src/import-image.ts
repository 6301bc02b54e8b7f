// Puts the images of an archive (docker save, or an OCI layout as .tar) into this node's containerd, where there is no registry to pull from.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { UsageError } from '@berth/telemetry/command-line';
import type { AgentConfig } from './config.ts';
import { containerdOf, containerdSocket, type Ports } from './node-agent.ts';

const run = promisify(execFile);
/** Where the kubelet's images are, and so ours. */
const namespace = 'k8s.io';

/** @returns the images' names @throws UsageError for what is no such archive, or while no agent runs */
export async function importImage(file: string, config: AgentConfig, ports: Ports): Promise<string[]> {
  const socket = containerdSocket(config, containerdOf(config, ports));
  if (!existsSync(file)) throw new UsageError(`--import-image: there is no file ${file}`);
  if (!existsSync(socket)) throw new UsageError(`--import-image: no containerd runs at ${socket}: start the agent first`);
  const ctr = (...args: string[]) => run('ctr', ['--address', socket, '--namespace', namespace, 'images', ...args]);
  try {
    const before = new Set(lines((await ctr('list', '--quiet')).stdout));
    const { stdout } = await ctr('import', file);
    // It says so only of those that it unpacks; an image that was there under its name may have another content now.
    const named = [...stdout.matchAll(/^unpacking (\S+)/gm)].map(([, name = '']) => name);
    const added = lines((await ctr('list', '--quiet')).stdout).filter((name) => !before.has(name) && !name.startsWith('sha256:'));
    return [...new Set([...named, ...added])].sort();
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new UsageError(`--import-image: ${file}: ${(stderr?.trim() || message).split('\n').at(-1)}`);
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
