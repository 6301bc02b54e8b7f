// Variables from files that other containers of the pod have written (Kubernetes 1.35, "EnvFiles"). Whoever wrote the file may be
// anybody: no link is followed, nothing but a plain file is read, and only so much of it.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Container, FileKeySelector } from '@berth/api';
import { ConfigError } from './environment.ts';

const fileBytesMax = 1024 * 1024;
const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = constants;

/**
 * What each variable that comes from a file is to be, by the variable's name; without those that are not there and need not be.
 * @param volumes volume name → folder on the host @throws ConfigError when one that must be there is not
 */
export async function fileVariables(container: Container, volumes: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { name, valueFrom } of container.env ?? []) {
    if (!valueFrom?.fileKeyRef) continue;
    const value = await variable(valueFrom.fileKeyRef, volumes);
    if (value) found.set(name, value);
  }
  return found;
}

async function variable({ volumeName, path, key, optional }: FileKeySelector, volumes: ReadonlyMap<string, string>): Promise<string> {
  const folder = volumes.get(volumeName);
  if (folder === undefined) throw new ConfigError(`cannot find the volume "${volumeName}" referenced by FileKeyRef`);
  let value: string;
  try {
    value = envFileValue(await textBelow(folder, path), key);
  } catch (error) {
    throw new ConfigError(`couldn't parse env file: ${(error as Error).message}`);
  }
  if (value === '' && !optional) throw new ConfigError(`environment variable key "${key}" not found in file "${path}"`);
  return value;
}

/** Component by component, each by the descriptor of the one above it: what is swapped meanwhile leads nowhere else. */
async function textBelow(folder: string, path: string): Promise<string> {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0 || names.includes('..')) throw new Error(`${JSON.stringify(path)} names no file below the volume`);
  let at: FileHandle = await open(folder, O_RDONLY | O_DIRECTORY);
  try {
    for (const [index, name] of names.entries()) {
      const kind = index < names.length - 1 ? O_DIRECTORY : O_NONBLOCK;
      const next = await open(`/proc/self/fd/${at.fd}/${name}`, O_RDONLY | O_NOFOLLOW | kind);
      await at.close();
      at = next;
    }
    const stats = await at.stat();
    if (!stats.isFile()) throw new Error(`${JSON.stringify(path)} is no plain file`);
    if (stats.size > fileBytesMax) throw new Error(`${JSON.stringify(path)} has more than ${fileBytesMax} bytes`);
    const { buffer, bytesRead } = await at.read({ buffer: Buffer.alloc(fileBytesMax), length: fileBytesMax, position: 0 });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await at.close();
  }
}

/** `NAME='value'` a line: nothing is expanded, and a value may have lines. Empty without that name. @throws Error that names the line */
export function envFileValue(text: string, key: string): string {
  const lines = text.split('\n');
  const refuse = (index: number, why: string) => new Error(`invalid environment variable format at line ${index + 1}: ${why}`);
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] ?? '').replace(/\r$/, '').replace(/^[ \t]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals < 0) throw refuse(index, "missing '='");
    const name = line.slice(0, equals);
    if (name.trim() === '') throw refuse(index, 'empty variable name');
    if (name.trimEnd() !== name) throw refuse(index, "whitespace before '=' is not allowed");
    const value = line.slice(equals + 1);
    // As a shell has it: what follows a space is no value.
    if (/^[ \t]/.test(value)) {
      if (name === key) return '';
      continue;
    }
    if (!value.startsWith("'")) throw refuse(index, 'value must be enclosed in single quotes');
    const begun = index;
    let rest = value.slice(1);
    while (!rest.includes("'")) {
      index++;
      if (index >= lines.length)
        throw new Error(`invalid environment variable format starting at line ${begun + 1}: unclosed single quote`);
      rest += `\n${(lines[index] ?? '').replace(/\r$/, '')}`;
    }
    const close = rest.indexOf("'");
    if (!/^[ \t]*(#.*)?$/s.test(rest.slice(close + 1))) throw refuse(index, 'unexpected content after closing quote');
    if (name === key) return rest.slice(0, close);
  }
  return '';
}
