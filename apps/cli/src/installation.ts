// Where an installation keeps what it has: the same places on every server, unless a command line or a file says otherwise.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '@berth/machinery';
import { parse } from 'yaml';

export const serverFile = '/etc/berth/server.yaml';
export const agentFile = '/etc/berth/agent.yaml';
export const serverDirectory = '/var/lib/berth/server';
export const agentDirectory = '/var/lib/berth/agent';
export const installedKubeconfig = `${serverDirectory}/admin.kubeconfig`;
/** Of an agent that is not told otherwise. */
export const metricsAddress = '127.0.0.1:6445';
/** Where containers' logs are looked for by those who collect them. */
export const logDirectory = '/var/log';

/** Key and certificate of a node that has joined. @param dataDirectory of its agent */
export function identityFile(dataDirectory: string): string {
  return join(dataDirectory, 'identity', 'node.pem');
}

/** What a command line or its file says of an option, as far as this program needs to know; the program that it is for checks all of it. */
export interface StatedOptions {
  /** The file's name, if there is one. */
  file: string | undefined;
  value(name: string): string | undefined;
}

/** @param defaultFile is read if it is there and no other is named */
export function statedOptions(argv: string[], defaultFile: string): StatedOptions {
  const named = optionIn(argv, 'config');
  const file = named ?? (existsSync(defaultFile) ? defaultFile : undefined);
  const inFile = file === undefined ? {} : looselyRead(file);
  return {
    file,
    value: (name) => {
      const value = optionIn(argv, name) ?? (Object.hasOwn(inFile, name) ? inFile[name] : undefined);
      return value === undefined || value === null ? undefined : String(value);
    },
  };
}

/** Adds what nobody has said. */
export function withDefaults(argv: string[], stated: StatedOptions, defaults: Record<string, string>): string[] {
  const missing = Object.entries(defaults).filter(([name]) => stated.value(name) === undefined);
  const file = stated.file !== undefined && optionIn(argv, 'config') === undefined ? ['--config', stated.file] : [];
  return [...file, ...missing.flatMap(([name, value]) => [`--${name}`, value]), ...argv];
}

/** The last one counts, as for the program itself. */
export function optionIn(argv: string[], name: string): string | undefined {
  const at = argv.findLastIndex((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`));
  if (at < 0) return undefined;
  const argument = argv[at] ?? '';
  if (argument.includes('=')) return argument.slice(argument.indexOf('=') + 1);
  const next = argv[at + 1];
  return next === undefined || next.startsWith('--') ? 'true' : next;
}

/** Whatever is wrong with the file, the program that reads it says. */
function looselyRead(file: string): Record<string, unknown> {
  try {
    const found: unknown = parse(readFileSync(file, 'utf8'));
    return isRecord(found) ? found : {};
  } catch {
    return {};
  }
}
