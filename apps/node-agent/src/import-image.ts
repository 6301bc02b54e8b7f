// Puts the images of an archive (docker save, or an OCI layout as .tar) into this node's containerd, where there is no registry to pull from.

import { existsSync } from 'node:fs';
import { ctr } from '@berth/runtime';
import type { Ports } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import type { AgentConfig } from './config.ts';
import { containerdOf, ctrTarget } from './node-agent.ts';

/** @returns the images' names @throws UsageError for what is no such archive, or while no agent runs */
export async function importImage(file: string, config: AgentConfig, ports: Ports): Promise<string[]> {
  const target = ctrTarget(config, containerdOf(config, ports));
  if (!existsSync(file)) throw new UsageError(`--import-image: there is no file ${file}`);
  if (!existsSync(target.socket)) throw new UsageError(`--import-image: no containerd runs at ${target.socket}: start the agent first`);
  const images = (...args: string[]) => ctr(target, ['images', ...args]);
  try {
    const before = new Set(lines(await images('list', '--quiet')));
    const stdout = await images('import', file);
    // It says so only of those that it unpacks; an image that was there under its name may have another content now.
    const named = [...stdout.matchAll(/^unpacking (\S+)/gm)].map(([, name = '']) => name);
    const added = lines(await images('list', '--quiet')).filter((name) => !before.has(name) && !name.startsWith('sha256:'));
    return [...new Set([...named, ...added])].sort();
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new UsageError(`--import-image: ${file}: ${(stderr?.trim() || message).split('\n').at(-1)}`);
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
