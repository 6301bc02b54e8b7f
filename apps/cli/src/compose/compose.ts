// `berth compose`: runs compose files as they are, each project in a namespace of its name. Exit codes: 0 done, 1 something is not ready or
// could not be done, 2 wrong usage. Warnings and progress go to the standard error, progress to a terminal alone.
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  type ComposeFiles,
  loadProject,
  type Project,
  type ProjectObjects,
  type ProjectOptions,
  projectName,
  projectObjects,
  serviceBuilds,
} from '@berth/compose';
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { stringify } from 'yaml';
import { askCluster } from '../ask/cluster-options.ts';
import { builtImages } from './built-images.ts';
import { type ComposeArguments, composeArguments } from './compose-options.ts';
import { diskFiles, usualFiles } from './disk-files.ts';
import { takeDown } from './down.ts';
import { showLogs } from './logs.ts';
import { podTable, projectPods } from './ps.ts';
import { bringUp, makeNamespace, type UpPorts } from './up.ts';

export const composeUsage = `usage: berth compose [-f FILE]... [-p NAME] [--profile NAME]... [--env-file FILE]... COMMAND
  up [-d] [-t SECONDS] [--build] [--no-build] [SERVICE...]
                                         applies the services, removes what the file no longer has, and waits until they are ready (300 s);
                                       -d does not wait, but for what others depend on; images that are missing are built, with
                                       --build all that say how, with --no-build none
  build [--no-cache] [SERVICE...]      builds the images of services that say how, and pushes them
  down [-v] [-t SECONDS]               ends them and removes their objects; -v the volumes as well
  ps [-o json] [SERVICE...]            their pods, and where they are published
  logs [-f] [--tail N] [SERVICE...]    of all their pods by time; -f goes on
  config                               the objects, for kubectl apply -f -; also convert
options
  --project-directory DIRECTORY        what relative paths are relative to; default: the folder of the first file
  --kubeconfig FILE`;

export interface ComposePorts {
  print(text: string): void;
  /** What a terminal shows beside the answer. */
  warn(text: string): void;
  isTerminal: boolean;
  stdin: NodeJS.ReadableStream;
  environment: NodeJS.ProcessEnv;
  directory: string;
  signal: AbortSignal;
}

export async function runCompose(argv: string[], ports: ComposePorts): Promise<number> {
  const given = composeArguments(argv);
  if (given.isHelp || given.command === undefined) {
    if (!given.isHelp) throw new UsageError('compose: name a command: up, build, down, ps, logs or config');
    ports.print(composeUsage);
    return 0;
  }
  if (given.command === 'config' || given.command === 'convert') return printObjects(given, ports);
  const progress = (line: string) => {
    if (ports.isTerminal) ports.warn(line);
  };
  if (given.command === 'up' || given.command === 'build') {
    const loaded = await loadedProject(given, ports);
    return askCluster(given, ({ client }) => buildAndRun(given, loaded, { ...ports, client, progress }));
  }
  const name = await nameOf(given, ports);
  return askCluster(given, async ({ client }) => {
    const to = { ...ports, client, progress };
    if (given.command === 'down') return takeDown(name, given, to);
    if (given.command === 'logs') return showLogs(name, given, to);
    const pods = await projectPods(client, name, given.services, systemClock.now());
    ports.print(given.isJson ? JSON.stringify(pods, undefined, 2) : podTable(pods));
    return 0;
  });
}

async function printObjects(given: ComposeArguments, ports: ComposePorts): Promise<number> {
  const made = await objectsOf(given, ports);
  const objects = [made.namespace, ...made.parts, ...made.workloads.map(({ workload }) => workload)];
  ports.print(objects.map((object) => stringify(object, { lineWidth: 0 }).trimEnd()).join('\n---\n'));
  return 0;
}

interface Loaded {
  project: Project;
  files: ComposeFiles;
}

async function loadedProject(given: ComposeArguments, ports: ComposePorts): Promise<Loaded> {
  const { options, files } = await projectOptions(given, ports);
  return { project: loadProject({ ...options, services: given.services }, files), files };
}

/** What the file says wrongly is said before anything is built. */
async function buildAndRun(given: ComposeArguments, loaded: Loaded, ports: UpPorts & ComposePorts): Promise<number> {
  const builds = serviceBuilds(loaded.project, loaded.files);
  const plain = projectObjects(loaded.project, loaded.files);
  if (builds.length === 0) {
    if (given.command === 'build') ports.print(`${plain.name}: no service says how it is built`);
  } else await makeNamespace(ports.client, plain.namespace);
  const images = await builtImages(builds, plain.name, given, ports);
  if (given.command === 'build') {
    for (const image of images.values()) ports.print(image);
    return 0;
  }
  const made = projectObjects(loaded.project, loaded.files, images);
  for (const warning of made.warnings) ports.warn(`warning: ${warning}`);
  return bringUp(made, { ...given, isPart: given.services.length > 0 }, ports);
}

async function objectsOf(given: ComposeArguments, ports: ComposePorts): Promise<ProjectObjects> {
  const { project, files } = await loadedProject(given, ports);
  const made = projectObjects(project, files);
  for (const name of serviceBuilds(project, files).map(({ service }) => service))
    ports.warn(
      `warning: services.${name}.build: its image has a name here that no node can pull: berth compose up gives it the one it was pushed by`,
    );
  for (const warning of made.warnings) ports.warn(`warning: ${warning}`);
  return made;
}

/** A project that runs is found by its name; the files are read only when that does not say it. */
async function nameOf(given: ComposeArguments, ports: ComposePorts): Promise<string> {
  const named = given.projectName ?? ports.environment.COMPOSE_PROJECT_NAME;
  if (named) return projectName(named);
  const { options, files } = await projectOptions(given, ports);
  const project = loadProject({ ...options, profiles: ['*'] }, files);
  return project.name;
}

async function projectOptions(given: ComposeArguments, ports: ComposePorts) {
  const { environment, directory } = ports;
  const absolute = (path: string) => resolve(directory, path);
  const variable = environment.COMPOSE_FILE?.split(environment.COMPOSE_PATH_SEPARATOR ?? ':').filter((path) => path !== '') ?? [];
  const named = given.files.length > 0 ? given.files : variable;
  const files = named.length > 0 ? named.map(absolute) : usualFiles(directory);
  const isTyped = named.includes('-');
  const stdin = isTyped ? { path: absolute('-'), text: await text(ports.stdin) } : undefined;
  const options: ProjectOptions = {
    files,
    ...(given.projectDirectory !== undefined && { directory: absolute(given.projectDirectory) }),
    ...(given.projectName !== undefined && { name: given.projectName }),
    envFiles: given.envFiles.map(absolute),
    profiles: given.profiles,
    variables: environment,
  };
  return { options, files: diskFiles(stdin) };
}
