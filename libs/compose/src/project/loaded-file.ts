// One compose file with what it includes and extends, in the one form of services.
import { isRecord } from '@berth/machinery';
import { ComposeError } from '../compose-error.ts';
import { absolutePath, type ComposeFiles, directoryOf } from '../compose-files.ts';
import { type Context, checkedValue, errorAt } from '../source/checked-values.ts';
import { parseDotenv } from '../source/dotenv.ts';
import type { Variables } from '../source/interpolate.ts';
import { readDocument } from '../source/located-document.ts';
import { projectShape } from '../source/project-shape.ts';
import { merged, noTags, type Tags } from './merged.ts';
import { normalizedService, pairs } from './normalized-service.ts';
import type { FileDefinition, Model, Service } from './service.ts';

const nestingMax = 20;
const sections = ['services', 'volumes', 'networks', 'configs', 'secrets'] as const;

export interface Loading {
  files: ComposeFiles;
  /** Of the shell, and of `.env`. */
  variables: Variables;
  home: string | undefined;
  warn(message: string): void;
  depth: number;
}

export interface LoadedFile {
  model: Model;
  tags: Tags;
}

type Raw = Record<string, unknown>;

interface Include {
  path: string[];
  projectDirectory?: string;
  envFiles: string[];
}

/** @param directory what relative paths are relative to @throws ComposeError */
export function loadedFile(path: string, directory: string, loading: Loading): LoadedFile {
  if (loading.depth > nestingMax) throw new ComposeError(`${path}: files include or extend each other more than ${nestingMax} levels deep`);
  const document = readDocument(textOf(path, loading), path);
  const context: Context = { document, variables: loading.variables, warn: loading.warn };
  if (!isRecord(document.value)) throw errorAt([], 'it is no compose file: services are missing', context);
  const raw = (checkedValue(document.value, projectShape, [], context) ?? {}) as Record<string, Raw> & { name?: string };
  const absolute = (relative: string) => absolutePath(relative, directory, loading.home);
  const model = emptyModel();
  if (raw.name) model.name = raw.name;
  for (const section of ['volumes', 'networks', 'configs', 'secrets'] as const) {
    for (const [name, item] of Object.entries(raw[section] ?? {})) model[section][name] = definition((item ?? {}) as Raw, absolute);
  }
  const services = (raw.services ?? {}) as Record<string, Raw | null>;
  const resolved = new Map<string, Service>();
  const serviceOf = (name: string, chain: string[]): Service => {
    const known = resolved.get(name);
    if (known) return known;
    const own = services[name];
    if (!own) throw errorAt(['services', name], 'it is empty: an image is needed', context);
    if (chain.includes(name))
      throw errorAt(['services', name, 'extends'], `services extend each other: ${[...chain, name].join(' → ')}`, context);
    const ports = {
      absolute,
      errorAt: (key: (string | number)[], message: string) => errorAt(['services', name, ...key], message, context),
    };
    const service = extended(own, normalizedService(own, ports), (from, file) => {
      if (file !== undefined && absolute(file) !== path) return serviceOfFile(absolute(file), from, loading);
      if (!Object.hasOwn(services, from)) throw ports.errorAt(['extends'], `there is no service ${from} in ${path}`);
      return serviceOf(from, [...chain, name]);
    });
    resolved.set(name, service);
    return service;
  };
  for (const name of Object.keys(services)) model.services[name] = serviceOf(name, []);
  const included = includes(raw.include, absolute).map((include) => includedModel(include, loading));
  return { model: withIncluded(model, included, path), tags: document };
}

export function emptyModel(): Model {
  return { services: {}, volumes: {}, networks: {}, configs: {}, secrets: {} };
}

function textOf(path: string, { files }: Loading): string {
  const content = files.read(path);
  if (!content) throw new ComposeError(`there is no file ${path}`);
  if (content.text === undefined) throw new ComposeError(`${path} is no text in UTF-8`);
  return content.text;
}

function definition(raw: Raw, absolute: (path: string) => string): FileDefinition {
  const { external, file, labels, ...rest } = raw;
  // `external: {name: …}` is how it was once written.
  const outer = isRecord(external) ? { external: true, ...(typeof external.name === 'string' && { name: external.name }) } : {};
  const isExternal = external === true || external === 'true';
  return {
    ...rest,
    ...outer,
    ...(isExternal && { external: true }),
    ...(typeof file === 'string' && { file: absolute(file) }),
    ...(labels !== undefined && { labels: pairs('=')(labels) }),
  };
}

function extended(raw: Raw, own: Service, find: (service: string, file: string | undefined) => Service): Service {
  const given = raw.extends;
  if (given === undefined) return own;
  const { service, file } =
    typeof given === 'string' ? { service: given, file: undefined } : (given as { service?: string; file?: string });
  if (service === undefined) throw new ComposeError('extends: service is not set');
  return merged(find(service, file), own, ['services', service], noTags) as Service;
}

function serviceOfFile(path: string, name: string, loading: Loading): Service {
  const { model } = loadedFile(path, directoryOf(path), { ...loading, depth: loading.depth + 1 });
  const service = model.services[name];
  if (!service) throw new ComposeError(`there is no service ${name} in ${path}, which another extends`);
  return service;
}

function includes(raw: unknown, absolute: (path: string) => string): Include[] {
  const texts = (value: unknown) =>
    (value === undefined ? [] : Array.isArray(value) ? value : [value]).map((item) => absolute(String(item)));
  return ((raw ?? []) as unknown[]).map((item) => {
    if (!isRecord(item)) return { path: texts(item), envFiles: [] };
    const projectDirectory = item.project_directory === undefined ? undefined : absolute(String(item.project_directory));
    return { path: texts(item.path), envFiles: texts(item.env_file), ...(projectDirectory !== undefined && { projectDirectory }) };
  });
}

/** A project of its own, with its own folder and `.env`. */
function includedModel({ path, projectDirectory, envFiles }: Include, loading: Loading): Model {
  const [first] = path;
  if (first === undefined) throw new ComposeError('include: path is not set');
  const directory = projectDirectory ?? directoryOf(first);
  const variables = { ...environmentOf(envFiles, directory, loading), ...loading.variables };
  return mergedFiles(path, directory, { ...loading, variables, depth: loading.depth + 1 });
}

export function mergedFiles(paths: readonly string[], directory: string, loading: Loading): Model {
  let model = emptyModel();
  for (const path of paths) {
    const { model: over, tags } = loadedFile(path, directory, loading);
    model = merged(model, over, [], tags) as Model;
  }
  return model;
}

/** @param given absolute; none: `.env` of the folder, if it is there */
export function environmentOf(given: readonly string[], directory: string, { files, variables }: Loading): Record<string, string> {
  const values: Record<string, string> = {};
  for (const path of given.length > 0 ? given : [`${directory === '/' ? '' : directory}/.env`]) {
    const text = files.read(path)?.text;
    if (text === undefined && given.length > 0) throw new ComposeError(`there is no file ${path}, in which variables should be`);
    if (text !== undefined) Object.assign(values, parseDotenv(text, path, { ...values, ...variables }));
  }
  return values;
}

function withIncluded(model: Model, included: readonly Model[], path: string): Model {
  const whole = { ...model };
  for (const other of included) {
    for (const section of sections) {
      for (const [name, item] of Object.entries(other[section])) {
        const own = whole[section][name];
        if (own !== undefined && JSON.stringify(own) !== JSON.stringify(item))
          throw new ComposeError(`${path}: ${section}.${name} is in an included file as well, and differs there`);
      }
      Object.assign(whole, { [section]: { ...other[section], ...whole[section] } });
    }
  }
  return whole;
}
