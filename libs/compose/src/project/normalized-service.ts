// From what a file says of a service to its one form. Values have been held against the shape already.
import { isRecord } from '@berth/machinery';
import { ComposeError } from '../compose-error.ts';
import { type LongMount, mountOf } from './mounts.ts';
import { type LongPort, portKey, portsOf } from './ports.ts';
import type { Build, Dependency, DependencyCondition, EnvFile, FileUse, Service } from './service.ts';
import { shellWords } from './shell-words.ts';

const conditions: readonly DependencyCondition[] = ['service_started', 'service_healthy', 'service_completed_successfully'];

export interface NormalizingPorts {
  /** Makes a path of one that is relative to the file's folder. */
  absolute(path: string): string;
  /** Gives an error the place of a key of this service. */
  errorAt(path: (string | number)[], message: string): ComposeError;
}

type Raw = Record<string, unknown>;

/** Keys whose form differs from what is written; all others are as they are. */
const forms: Record<string, (value: unknown, ports: NormalizingPorts) => unknown> = {
  annotations: pairs('='),
  build: buildOf,
  labels: pairs('='),
  environment: pairs('='),
  sysctls: pairs('='),
  extra_hosts: hosts,
  command: words,
  entrypoint: words,
  dns: list,
  dns_search: list,
  tmpfs: list,
  env_file: envFiles,
  depends_on: dependencies,
  networks: (value) => (Array.isArray(value) ? Object.fromEntries(value.map((name) => [name, {}])) : fullMapping(value)),
  links: (value) => Object.fromEntries((value as string[]).map((link) => linkOf(link))),
  ports: (value, ports) => Object.fromEntries(each(value, 'ports', ports, (item) => portsOf(item as string | LongPort)).map(keyedPort)),
  expose: (value, ports) => {
    each(value, 'expose', ports, (item) => portsOf(item as string));
    return value;
  },
  volumes: (value, ports) => {
    const mounts = each(value, 'volumes', ports, (item) => [mountOf(item as string | LongMount, ports.absolute)]);
    return Object.fromEntries(mounts.map((mount) => [mount.target, mount]));
  },
  configs: fileUses('configs'),
  secrets: fileUses('secrets'),
  healthcheck: (value, ports) => ({
    ...(value as Raw),
    ...((value as Raw).test !== undefined && { test: testOf((value as Raw).test, ports) }),
  }),
  deploy: (value) => ({ ...(value as Raw), ...((value as Raw).labels !== undefined && { labels: pairs('=')((value as Raw).labels) }) }),
};

/** @throws ComposeError with its place */
export function normalizedService(raw: Raw, ports: NormalizingPorts): Service {
  const result: Raw = {};
  for (const [key, value] of Object.entries(raw)) {
    if (key === 'extends') continue;
    try {
      result[key] = Object.hasOwn(forms, key) ? forms[key]?.(value, ports) : value;
    } catch (error) {
      // What has a place has a line.
      if (!(error instanceof ComposeError) || error.message.includes(', line ')) throw error;
      throw ports.errorAt([key], error.message);
    }
  }
  return result as Service;
}

/** `A=b` in a list, or a mapping; without a value, null. */
export function pairs(separator: string): (value: unknown) => Record<string, string | null> {
  return (value) => {
    if (isRecord(value)) return value as Record<string, string | null>;
    const entries = (value as string[]).map((item): [string, string | null] => {
      const at = item.indexOf(separator);
      return at < 0 ? [item, null] : [item.slice(0, at), item.slice(at + 1)];
    });
    return Object.fromEntries(entries);
  };
}

function buildOf(value: unknown, ports: NormalizingPorts): Build {
  const given = typeof value === 'string' ? { context: value } : (value as Raw);
  const { context, dockerfile_inline: inline, args, labels, secrets, ...rest } = given as Raw & { context?: string };
  if (context !== undefined && /^[a-z+]+:\/\/|^git@|\.git(?:#|$)/.test(context))
    throw ports.errorAt(['build'], `${JSON.stringify(context)} is elsewhere: fetch it, and name its folder`);
  if (inline !== undefined)
    throw ports.errorAt(['build'], 'dockerfile_inline is not read: write it into a file, and name that by dockerfile');
  return {
    ...rest,
    ...(context !== undefined && { context: ports.absolute(context) }),
    ...(args !== undefined && { args: pairs('=')(args) }),
    ...(labels !== undefined && { labels: pairs('=')(labels) }),
    ...(secrets !== undefined && { secrets: fileUses('secrets')(secrets, ports) as Record<string, FileUse> }),
  };
}

function hosts(value: unknown): Record<string, string> {
  if (isRecord(value)) return value as Record<string, string>;
  const entries = (value as string[]).map((item): [string, string] => {
    const [, name = '', address = ''] = /^([^=:]+)[=:](.+)$/.exec(item) ?? [];
    if (name === '') throw new ComposeError(`${JSON.stringify(item)} is not NAME=ADDRESS`);
    return [name, address.replace(/^\[(.*)\]$/, '$1')];
  });
  return Object.fromEntries(entries);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function words(value: unknown): unknown {
  return Array.isArray(value) ? value : shellWords(value as string);
}

function fullMapping(value: unknown): Raw {
  return Object.fromEntries(Object.entries(value as Raw).map(([key, item]) => [key, item ?? {}]));
}

function each<T>(value: unknown, key: string, ports: NormalizingPorts, read: (item: unknown) => T[]): T[] {
  return (value as unknown[]).flatMap((item, index) => {
    try {
      return read(item);
    } catch (error) {
      throw ports.errorAt([key, index], (error as Error).message);
    }
  });
}

function keyedPort(port: ReturnType<typeof portsOf>[number]): [string, typeof port] {
  return [portKey(port), port];
}

function envFiles(value: unknown, { absolute }: NormalizingPorts): EnvFile[] {
  return (list(value) as (string | { path?: string; required?: boolean; format?: string })[]).map((item) => {
    const given = typeof item === 'string' ? { path: item } : item;
    if (given.path === undefined) throw new ComposeError('path is not set');
    const { required = true, format } = given as { required?: boolean; format?: string };
    if (format !== undefined && format !== 'raw') throw new ComposeError(`format: ${JSON.stringify(format)} is not raw, the only one`);
    return { path: absolute(given.path), required, isRaw: format === 'raw' };
  });
}

function dependencies(value: unknown, ports: NormalizingPorts): Record<string, Dependency> {
  const given = Array.isArray(value) ? Object.fromEntries(value.map((name) => [name, {}])) : fullMapping(value);
  const entries = Object.entries(given).map(([name, item]): [string, Dependency] => {
    const { condition = 'service_started', required = true } = item as { condition?: string; required?: boolean };
    const known = conditions.find((one) => one === condition);
    if (!known)
      throw ports.errorAt(['depends_on', name, 'condition'], `${JSON.stringify(condition)} is none: there are ${conditions.join(', ')}`);
    return [name, { condition: known, required }];
  });
  return Object.fromEntries(entries);
}

function linkOf(link: string): [string, string] {
  const [service = '', alias = service] = link.split(':');
  return [alias, service];
}

function fileUses(key: string): (value: unknown, ports: NormalizingPorts) => Record<string, FileUse> {
  return (value, ports) => {
    const uses = each(value, key, ports, (item): FileUse[] => {
      const use = typeof item === 'string' ? { source: item } : (item as Partial<FileUse>);
      const { source } = use;
      if (source === undefined) throw new ComposeError('source is not set');
      if (use.mode !== undefined && !/^(0o?)?[0-7]{1,4}$/.test(use.mode))
        throw new ComposeError(`mode: ${JSON.stringify(use.mode)} is no octal mode such as "0440"`);
      return [{ ...use, source }];
    });
    return Object.fromEntries(uses.map((use) => [use.target ?? use.source, use]));
  };
}

function testOf(test: unknown, ports: NormalizingPorts): string[] {
  if (typeof test === 'string') return ['CMD-SHELL', test];
  const [kind, ...rest] = test as string[];
  const isWell = kind === 'NONE' || (kind === 'CMD' && rest.length > 0) || (kind === 'CMD-SHELL' && rest.length === 1);
  if (!isWell) throw ports.errorAt(['healthcheck', 'test'], 'it begins with CMD and words, with CMD-SHELL and one text, or is NONE');
  return test as string[];
}
