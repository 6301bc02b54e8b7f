// `berth compose`: runs compose files as they are, each project in a namespace of its name. Exit codes: 0 done, 1 something is not ready or
// could not be done, 2 wrong usage. Warnings and progress go to the standard error, progress to a terminal alone.
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadProject, type ProjectObjects, type ProjectOptions, projectName, projectObjects } from '@berth/compose';
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { stringify } from 'yaml';
import { askCluster } from '../ask/cluster-options.ts';
import { type ComposeArguments, composeArguments } from './compose-options.ts';
import { diskFiles, usualFiles } from './disk-files.ts';
import { takeDown } from './down.ts';
import { showLogs } from './logs.ts';
import { podTable, projectPods } from './ps.ts';
import { bringUp } from './up.ts';

export const composeUsage = `usage: berth compose [-f FILE]... [-p NAME] [--profile NAME]... [--env-file FILE]... COMMAND
  up [-d] [-t SECONDS] [SERVICE...]    applies the services, removes what the file no longer has, and waits until they are ready (300 s);
                                       -d does not wait, but for what others depend on
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
    if (!given.isHelp) throw new UsageError('compose: name a command: up, down, ps, logs or config');
    ports.print(composeUsage);
    return 0;
  }
  if (given.command === 'config' || given.command === 'convert') return printObjects(given, ports);
  const progress = (line: string) => {
    if (ports.isTerminal) ports.warn(line);
  };
  if (given.command === 'up') {
    const made = await objectsOf(given, ports);
    const options = { ...given, isPart: given.services.length > 0 };
    return askCluster(given, ({ client }) => bringUp(made, options, { ...ports, client, progress }));
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

async function objectsOf(given: ComposeArguments, ports: ComposePorts): Promise<ProjectObjects> {
  const { options, files } = await projectOptions(given, ports);
  const project = loadProject({ ...options, services: given.services }, files);
  const made = projectObjects(project, files);
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
