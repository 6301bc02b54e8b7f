// Bridges that this agent makes: with ports for pods, and without any to hold addresses. One without ports is a dummy that every kernel which
// runs pods can make.
import type { CommandRunner } from './commands.ts';
import { interfaceExists } from './interfaces.ts';

/** Safe to repeat. */
export async function ensureBridge(run: CommandRunner, name: string): Promise<void> {
  if (!interfaceExists(name)) await run('ip', ['link', 'add', name, 'type', 'bridge']);
  await run('ip', ['link', 'set', name, 'up']);
}

/** Whether it is there or not. */
export async function deleteInterface(run: CommandRunner, name: string): Promise<void> {
  if (!interfaceExists(name)) return;
  try {
    await run('ip', ['link', 'delete', name]);
  } catch (error) {
    // A pod's port goes with the pod, perhaps in between.
    if (interfaceExists(name)) throw error;
  }
}

/** Names of interfaces; none where there is no such bridge. */
export async function portsOf(run: CommandRunner, bridge: string): Promise<string[]> {
  if (!interfaceExists(bridge)) return [];
  const ports = JSON.parse(await run('ip', ['-json', 'link', 'show', 'master', bridge])) as { ifname?: string }[];
  return ports.flatMap(({ ifname }) => ifname ?? []);
}
