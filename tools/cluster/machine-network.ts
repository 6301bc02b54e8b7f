// Interfaces and tables of this machine, beside those of nodes: made when they are not there, removed when they are. Everything here may be repeated.
import { existsSync } from 'node:fs';
import { runCommand } from './run-command.ts';

export function interfaceExists(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}

/** A bridge without ports is a dummy that every kernel which runs pods can make. */
export async function ensureBridge(name: string): Promise<void> {
  if (!interfaceExists(name)) await runCommand(['ip', 'link', 'add', name, 'type', 'bridge']);
}

export async function deleteInterface(name: string): Promise<void> {
  if (interfaceExists(name)) await runCommand(['ip', 'link', 'delete', name]);
}

export async function deleteTable(name: string): Promise<void> {
  const { stdout } = await runCommand(['nft', 'list', 'tables', 'ip']);
  if (stdout.split('\n').includes(`table ip ${name}`)) await runCommand(['nft', 'delete', 'table', 'ip', name]);
}
