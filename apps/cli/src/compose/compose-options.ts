// The command line of `berth compose`: options before the command are those of every command, as in Docker, where `-f` names a file before
// `logs` and follows after it.
import { parseArgs } from 'node:util';
import { UsageError } from '@berth/telemetry/command-line';

const everywhere = {
  file: { type: 'string', short: 'f', multiple: true },
  'project-name': { type: 'string', short: 'p' },
  'project-directory': { type: 'string' },
  'env-file': { type: 'string', multiple: true },
  profile: { type: 'string', multiple: true },
  kubeconfig: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const own = {
  detach: { type: 'boolean', short: 'd' },
  volumes: { type: 'boolean', short: 'v' },
  follow: { type: 'boolean' },
  tail: { type: 'string' },
  output: { type: 'string', short: 'o' },
  timeout: { type: 'string', short: 't' },
  build: { type: 'boolean' },
  'no-build': { type: 'boolean' },
  'no-cache': { type: 'boolean' },
  progress: { type: 'string' },
} as const;

export const composeOptions = [...Object.keys(everywhere), ...Object.keys(own)];

export const composeCommands = {
  up: ['detach', 'timeout', 'build', 'no-build'],
  build: ['no-cache', 'progress'],
  down: ['volumes', 'timeout'],
  ps: ['output'],
  logs: ['follow', 'tail'],
  config: [],
  convert: [],
} as const satisfies Record<string, (keyof typeof own)[]>;

export type ComposeCommand = keyof typeof composeCommands;

export interface ComposeArguments {
  command: ComposeCommand | undefined;
  services: string[];
  files: string[];
  projectName?: string;
  projectDirectory?: string;
  envFiles: string[];
  profiles: string[];
  kubeconfig?: string;
  isHelp: boolean;
  isDetached: boolean;
  removesVolumes: boolean;
  follows: boolean;
  tail?: number;
  isJson: boolean;
  timeoutSeconds?: number;
  /** Whether `up` builds what is there already, and whether what is not. */
  builds: 'missing' | 'all' | 'none';
  isUncached: boolean;
  showsLines: boolean;
}

/** @throws UsageError */
export function composeArguments(argv: string[]): ComposeArguments {
  const at = commandIndex(argv);
  const typed = argv[at];
  const before = parsed(argv.slice(0, at), everywhere);
  if (typed === undefined || before.help) return readValues(undefined, [], before, {});
  if (!Object.hasOwn(composeCommands, typed))
    throw new UsageError(`compose: unknown command ${JSON.stringify(typed)}: there are ${Object.keys(composeCommands).join(', ')}`);
  const command = typed as ComposeCommand;
  const { file, ...others } = everywhere;
  const isLogs = command === 'logs';
  const taken = Object.fromEntries(
    composeCommands[command].map((name) => [name, isLogs && name === 'follow' ? { ...own.follow, short: 'f' } : own[name]]),
  );
  const options = { ...others, ...(isLogs ? { file: { type: 'string', multiple: true } as const } : { file }), ...taken };
  const { positionals, ...values } = parsed(argv.slice(at + 1), options, true);
  return readValues(command, positionals, before, values);
}

/** Options before it take their values with them. */
function commandIndex(argv: string[]): number {
  let at = 0;
  while (argv[at]?.startsWith('-')) {
    const word = argv[at] ?? '';
    const option = Object.entries(everywhere).find(
      ([name, known]) => word === `--${name}` || ('short' in known && word === `-${known.short}`),
    );
    at += option?.[1].type === 'string' ? 2 : 1;
  }
  return Math.min(at, argv.length);
}

interface Parsed {
  [name: string]: unknown;
  positionals: string[];
  help?: boolean;
}

function parsed(args: string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options'], allowPositionals = false): Parsed {
  try {
    const { values, positionals } = parseArgs({ args, options, strict: true, allowPositionals });
    return { ...values, positionals };
  } catch (error) {
    throw new UsageError(`compose: ${(error as Error).message}`);
  }
}

function readValues(command: ComposeCommand | undefined, services: string[], before: object, after: object): ComposeArguments {
  const texts = (name: string) =>
    [before, after].flatMap((values) => ((values as Record<string, unknown>)[name] as string[] | undefined) ?? []);
  const all = { ...before, ...after } as Record<string, unknown>;
  const text = (name: string) => all[name] as string | undefined;
  const output = text('output');
  if (output !== undefined && output !== 'json')
    throw new UsageError(`--output: ${JSON.stringify(output)} is not json, the only form beside text`);
  if (all.build === true && all['no-build'] === true) throw new UsageError('--build and --no-build: one of them');
  return {
    command,
    services,
    files: texts('file'),
    projectName: text('project-name'),
    projectDirectory: text('project-directory'),
    envFiles: texts('env-file'),
    profiles: texts('profile'),
    kubeconfig: text('kubeconfig'),
    isHelp: all.help === true,
    isDetached: all.detach === true,
    removesVolumes: all.volumes === true,
    follows: all.follow === true,
    tail: count('tail', text('tail')),
    isJson: output === 'json',
    timeoutSeconds: count('timeout', text('timeout')),
    builds: all['no-build'] === true ? 'none' : all.build === true || command === 'build' ? 'all' : 'missing',
    isUncached: all['no-cache'] === true,
    showsLines: text('progress') === 'plain',
  };
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new UsageError(`--${name}: ${JSON.stringify(text)} is no whole number`);
  return Number(text);
}
