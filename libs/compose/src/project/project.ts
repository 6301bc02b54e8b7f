// From files and options to the project that runs: which services, with whatever environment, and in which order.
import { ComposeError } from '../compose-error.ts';
import { type ComposeFiles, directoryOf } from '../compose-files.ts';
import { parseDotenv } from '../source/dotenv.ts';
import type { Variables } from '../source/interpolate.ts';
import { environmentOf, type Loading, mergedFiles } from './loaded-file.ts';
import type { Model, Service } from './service.ts';

export interface ProjectOptions {
  /** Absolute, the first one first. */
  files: readonly string[];
  /** Absolute; default: the folder of the first file. */
  directory?: string;
  /** Default: the variable COMPOSE_PROJECT_NAME, what the files say, the name of the folder. */
  name?: string;
  /** Files of variables in place of `.env`, absolute. */
  envFiles?: readonly string[];
  profiles?: readonly string[];
  /** Whose profiles need not be active; nothing: all of the active ones. */
  services?: readonly string[];
  variables: Variables;
}

export interface Project extends Model {
  name: string;
  /** What relative paths are relative to. */
  directory: string;
  /** Those without an active profile as well. */
  allServices: string[];
  /** Of the shell and of `.env`. */
  variables: Variables;
  /** What does not act, or otherwise than in Docker. */
  warnings: string[];
}

/** @throws ComposeError */
export function loadProject(options: ProjectOptions, files: ComposeFiles): Project {
  const [first] = options.files;
  if (first === undefined) throw new ComposeError('there is no compose file');
  const directory = options.directory ?? directoryOf(first);
  const warnings = new Set<string>();
  const shell: Loading = {
    files,
    variables: options.variables,
    home: options.variables.HOME,
    warn: (message) => warnings.add(message),
    depth: 0,
  };
  const variables: Variables = { ...environmentOf(options.envFiles ?? [], directory, shell), ...options.variables };
  const model = mergedFiles(options.files, directory, { ...shell, variables });
  const profiles = [...(options.profiles ?? []), ...(variables.COMPOSE_PROFILES ?? '').split(',')].filter((name) => name !== '');
  const chosen = chosenServices(model.services, options.services ?? [], profiles);
  const services = Object.fromEntries(
    Object.entries(model.services)
      .filter(([name]) => chosen.has(name))
      .map(([name, service]) => [name, withEnvironment(name, service, variables, files)]),
  );
  const given = options.name ?? (variables.COMPOSE_PROJECT_NAME || model.name) ?? directory.slice(directory.lastIndexOf('/') + 1);
  const allServices = Object.keys(model.services);
  return { ...model, services, allServices, directory, name: projectName(given), variables, warnings: [...warnings] };
}

/** As Docker makes one of the name of a folder; the namespace has it too, so that it has no underscore. @throws ComposeError */
export function projectName(given: string): string {
  const name = given
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replaceAll('_', '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  if (name === '') throw new ComposeError(`${JSON.stringify(given)} is no name for a project: name one with -p`);
  return name;
}

/** Those named with what they depend on; else those without a profile, or with an active one. */
function chosenServices(services: Record<string, Service>, named: readonly string[], profiles: readonly string[]): Set<string> {
  const isActive = ({ profiles: own = [] }: Service) =>
    own.length === 0 || profiles.includes('*') || own.some((one) => profiles.includes(one));
  const chosen = new Set<string>();
  const add = (name: string, by: string | undefined): void => {
    if (chosen.has(name)) return;
    const service = services[name];
    if (!service) {
      const there = Object.keys(services).sort().join(', ') || 'none';
      throw new ComposeError(
        by === undefined ? `there is no service ${name}: there are ${there}` : `services.${by}: it needs ${name}, which is no service`,
      );
    }
    if (by !== undefined && !isActive(service) && !named.includes(name)) {
      const profile = service.profiles?.[0];
      throw new ComposeError(`services.${by}: it needs ${name}, whose profile is not active: add --profile ${profile}`);
    }
    chosen.add(name);
    for (const needed of neededBy(service)) add(needed, name);
  };
  const wanted = named.length > 0 ? named : Object.keys(services).filter((name) => isActive(services[name] as Service));
  for (const name of wanted) add(name, undefined);
  startOrder(Object.fromEntries([...chosen].map((name) => [name, services[name] as Service])));
  return chosen;

  function neededBy(service: Service) {
    const isThere = (name: string) => services[name] !== undefined && isActive(services[name] as Service);
    const all = Object.entries(service.depends_on ?? {}).map(([name, { required }]) => ({ name, required }));
    const links = Object.values(service.links ?? {}).map((name) => ({ name, required: true }));
    return [...all, ...links].filter(({ name, required }) => required || isThere(name)).map(({ name }) => name);
  }
}

/** Services by when they start: each after those that it depends on. @throws ComposeError that names a circle */
export function startOrder(services: Record<string, Service>): string[][] {
  const levels = new Map<string, number>();
  const level = (name: string, chain: string[]): number => {
    if (chain.includes(name))
      throw new ComposeError(`services depend on each other: ${[...chain.slice(chain.indexOf(name)), name].join(' → ')}`);
    const known = levels.get(name);
    if (known !== undefined) return known;
    const { depends_on: needed = {}, links = {} } = services[name] ?? {};
    const before = [...Object.keys(needed), ...Object.values(links)].filter((other) => services[other]);
    const own = before.reduce((most, other) => Math.max(most, level(other, [...chain, name]) + 1), 0);
    levels.set(name, own);
    return own;
  };
  const order: string[][] = [];
  for (const name of Object.keys(services)) {
    const at = level(name, []);
    while (order.length <= at) order.push([]);
    order[at]?.push(name);
  }
  return order;
}

/** What files of variables and the shell add. */
function withEnvironment(name: string, service: Service, variables: Variables, files: ComposeFiles): Service {
  const values: Record<string, string> = {};
  for (const { path, required, isRaw } of service.env_file ?? []) {
    const text = files.read(path)?.text;
    if (text !== undefined) Object.assign(values, parseDotenv(text, path, { ...values, ...variables }, isRaw));
    else if (required) throw new ComposeError(`services.${name}.env_file: there is no file ${path}`);
  }
  for (const [key, value] of Object.entries(service.environment ?? {})) {
    const own = value ?? variables[key];
    if (own !== undefined) values[key] = own;
  }
  const { env_file: _read, ...rest } = service;
  return Object.keys(values).length > 0 ? { ...rest, environment: values } : rest;
}
