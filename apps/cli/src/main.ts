// `berth`: what an operator needs beside kubectl. Exit codes: 0 done, 1 failed, 2 wrong usage.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HttpClient, readKubeconfig, Tokens } from '@berth/client';
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { atOptions, runAt } from './ask/at.ts';
import { askOptions, kubeconfigPath } from './ask/cluster-options.ts';
import { eventsOptions, runEvents } from './ask/events.ts';
import { historyOptions, runHistory } from './ask/history.ts';
import { logsOptions, runLogs } from './ask/logs.ts';
import { planOptions, runPlan } from './ask/plan.ts';
import { runTop, topOptions } from './ask/top.ts';
import { runWhy } from './ask/why.ts';
import { askForBackup } from './backup.ts';
import { runBuildHere } from './build/build-here.ts';
import { buildOptions } from './build/build-options.ts';
import { bashCompletion } from './completion.ts';
import { runComposeHere } from './compose/compose-here.ts';
import { composeCommands, composeOptions } from './compose/compose-options.ts';
import { runDoctor } from './doctor/doctor.ts';
import { addEncryptionKey } from './encryption-key.ts';
import { serverDirectory, serverFile, statedOptions } from './installation.ts';
import { joinAsNode } from './join.ts';
import { become } from './programs.ts';
import { registryOptions, runRegistry } from './registry/registry.ts';
import { releaseFacts } from './release.ts';
import { runServer } from './server.ts';
import { agentArguments, serverPlan } from './server-plan.ts';
import { statusReport } from './status.ts';
import { paintFor } from './terminal.ts';
import { tokenTable } from './token-table.ts';
import { uninstall } from './uninstall.ts';
import { runVolume, volumeOptions } from './volume/volume.ts';

const usage = `usage: berth COMMAND [options]
  berth server [options]                           a control plane, and this machine as its first node; --help lists options
  berth agent --server URL --token TOKEN [options] this machine as a node of that cluster; --help lists options
  berth join --server URL --token TOKEN [options]  the same from now on, with every start of this machine (systemd)
  berth hollow --nodes N --server URL --token TOKEN  simulated nodes, to load a control plane; --help lists options
  berth token join [--ttl-hours N]                 a token for a new node, valid 24 hours
  berth token access [--user NAME] [--groups A,B]  a token for the dashboard and the API, valid 30 days
                     [--ttl-hours N]               (default: user dashboard, group system:masters)
  berth token list                                 tokens with their ids and ends
  berth token revoke ID                            one that nobody may use any more
  berth encryption-key add                         a new first key for the encryption of secrets; the control plane's
                     [--config FILE]               next start encrypts everything again with it
  berth backup FILE [--data-dir DIRECTORY]         all that the control plane of this machine keeps, with every key of the cluster
  berth restore FILE [options]                     makes the state of a server that has none of a backup; options of berth server
  berth image import FILE                          the images of an archive, for the containerd of this node
  berth status                                     what of Berth is here and answers, and when certificates end
  berth why POD|deployment/NAME|pvc/NAME|service/NAME|node/NAME
                     [-n NAMESPACE] [-o json]      what is wrong with it, the cause first, and what to do next
  berth plan -f FILE [-n NAMESPACE] [-o json]      what applying it would change, where its pods would land, what would be refused
  berth doctor [-o json]                           what is amiss with this machine and its cluster, and what to do about it
  berth top [pods|nodes] [-n NAMESPACE|-A]         what they use, against what they asked for and may use
  berth events [-n NAMESPACE|-A] [--for KIND/NAME] [-w] [-o json]
                                                   what happened, the latest last; --for takes in what belongs to it
  berth history [KIND/NAME] [-n NAMESPACE|-A] [--since 1h] [-o json|yaml]
                                                   who changed what, when and from what to what, the latest last
  berth at TIME get KIND [NAME] [-n NAMESPACE|-A] [-l SELECTOR] [-o wide|yaml|json|name]
                                                   what there was at a time (10m ago, 14:30, RFC 3339); as YAML it can be applied again
  berth logs KIND/NAME|-l SELECTOR [-f]            of all pods of it, by time; --help lists options
  berth build -t NAME [-f DOCKERFILE] DIR          an image from a folder, built in a pod and pushed; --help lists options
  berth compose [-f FILE] [-p NAME] up|down|...    runs compose files as they are; berth compose --help
  berth volume backup|schedule|restore CLAIM       what a claim's volume holds, in a folder or a store; berth volume --help
  berth registry install|status|gc|uninstall       an image registry in the cluster; berth registry --help
  berth completion bash                            a script for bash that completes all of this
  berth version                                    of this program and its Node
  berth uninstall [--keep-state]                   ends what Berth runs here, and removes what it has set up
options
  --config FILE      default: encryption.yaml of the server here, else .berth/encryption.yaml
  --kubeconfig FILE  default: the variable KUBECONFIG, else of the server here, .berth/admin.kubeconfig, ~/.kube/config
  --help`;

const options = {
  kubeconfig: { type: 'string' },
  config: { type: 'string' },
  user: { type: 'string', default: 'dashboard' },
  groups: { type: 'string', default: 'system:masters' },
  'ttl-hours': { type: 'string' },
  'data-dir': { type: 'string' },
  'keep-state': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const pastOptions = { ...historyOptions, ...atOptions };
const askingOptions = { ...askOptions, ...planOptions, ...topOptions, ...eventsOptions, ...logsOptions };
const ofPrograms = { ...askingOptions, ...buildOptions, ...pastOptions, ...volumeOptions, ...registryOptions };
const completed = [...new Set([...Object.keys(options), ...Object.keys(ofPrograms), ...composeOptions])];
const paint = paintFor(process.stdout, process.env);

type Values = ReturnType<typeof parse>['values'];

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(argv: string[]): Promise<void> {
  const program = argv[0] === undefined ? undefined : programs[argv[0]];
  if (program) return program(argv.slice(1));
  const { values, positionals } = parse(argv);
  if (values.help) return print(usage);
  const typed = positionals.join(' ');
  // The longest name first: what follows is what the command takes.
  const name = Object.keys(commands)
    .sort((a, b) => b.length - a.length)
    .find((known) => typed === known || typed.startsWith(`${known} `));
  const command = name === undefined ? undefined : commands[name];
  if (name === undefined || !command) throw new UsageError(typed === '' ? 'a command is needed' : `unknown command: ${typed}`);
  const given = positionals.slice(name.split(' ').length);
  const { takes = '' } = command;
  if (given.length !== (takes === '' ? 0 : 1)) throw new UsageError(`it is: berth ${name}${takes && ` ${takes}`}`);
  await command.run(values, given[0] ?? '');
}

interface Command {
  /** What follows its name: one word in capitals. */
  takes?: string;
  run(values: Values, argument: string): Promise<void>;
}

/** Their options are those of the programs that they run. */
const programs: Record<string, (argv: string[]) => Promise<void>> = {
  server: async (argv) => {
    if (argv.includes('--help') || argv.includes('-h')) become('control-plane', ['--help']);
    process.exit(await runServer(argv));
  },
  restore: async ([file, ...argv]) => {
    if (file === undefined || file.startsWith('-')) throw new UsageError('restore: name the backup first: berth restore FILE');
    become('control-plane', [...serverPlan(argv).controlPlane, '--restore', file]);
  },
  join: (argv) => joinAsNode(argv, print),
  agent: async (argv) => become('node-agent', agentArguments(argv)),
  hollow: async (argv) => become('node-agent', ['hollow', ...argv]),
  build: async (argv) => {
    process.exitCode = await runBuildHere(argv, print);
  },
  compose: async (argv) => {
    process.exitCode = await runComposeHere(argv, print);
  },
  registry: async (argv) => {
    process.exitCode = await runRegistry(argv, print);
  },
  volume: async (argv) => {
    process.exitCode = await runVolume(argv, print);
  },
  plan: async (argv) => {
    process.exitCode = await runPlan(argv, print);
  },
  why: async (argv) => {
    process.exitCode = await runWhy(argv, print);
  },
  doctor: async (argv) => {
    process.exitCode = await runDoctor(argv, print, paint);
  },
  top: async (argv) => {
    process.exitCode = await runTop(argv, print);
  },
  events: async (argv) => {
    process.exitCode = await runEvents(argv, print, paint);
  },
  history: async (argv) => {
    process.exitCode = await runHistory(argv, { print, note, paint });
  },
  at: async (argv) => {
    process.exitCode = await runAt(argv, { print, note });
  },
  logs: async (argv) => {
    process.exitCode = await runLogs(argv, { write, note, paint });
  },
};

const commands: Record<string, Command> = {
  'token join': { run: (values) => withTokens(values, async (tokens) => print(await tokens.createJoinToken(ttlSeconds(values)))) },
  'token access': {
    run: (values) =>
      withTokens(values, async (tokens) => {
        const groups = values.groups.split(',').filter((group) => group !== '');
        print(await tokens.createAccessToken({ name: values.user, groups }, ttlSeconds(values)));
      }),
  },
  'token list': { run: (values) => withTokens(values, async (tokens) => print(tokenTable(await tokens.list()))) },
  'token revoke': {
    takes: 'ID',
    run: (values, given) =>
      withTokens(values, async (tokens) => {
        if (!(await tokens.revoke(given))) throw new Error('there is no such token: berth token list shows their ids');
        print('revoked');
      }),
  },
  'encryption-key add': {
    run: async ({ config = defaultEncryptionConfig() }) => {
      const name = await addEncryptionKey(config);
      print(`${config}: ${name} is the first key now. Restart the control plane; once its log says that all is encrypted with it,`);
      print('older keys may be taken out.');
    },
  },
  backup: { takes: 'FILE', run: (values, file) => backup(file, values['data-dir'] ?? defaultDirectory()) },
  'image import': {
    takes: 'FILE',
    run: async (values, file) => {
      const directory = values['data-dir'] === undefined ? [] : ['--data-dir', values['data-dir']];
      become('node-agent', agentArguments([...directory, '--import-image', file]));
    },
  },
  status: {
    run: async () => {
      const { lines, isWell } = await statusReport(systemClock.now());
      print(lines.join('\n'));
      if (!isWell) process.exit(1);
    },
  },
  version: {
    run: async () => {
      const { version, commit } = releaseFacts();
      print(`berth ${version} (commit ${commit}), Node ${process.version}`);
    },
  },
  'completion bash': {
    run: async () => print(bashCompletion(completedCommands(), completed).trimEnd()),
  },
  uninstall: { run: async (values) => uninstall({ keepState: values['keep-state'] }, print) },
};

function completedCommands(): string[] {
  return [
    ...Object.keys(commands),
    ...Object.keys(programs),
    'top nodes',
    'top pods',
    ...Object.keys(composeCommands).map((name) => `compose ${name}`),
  ];
}

async function backup(file: string, dataDirectory: string): Promise<void> {
  const { keys, files, bytes, ...made } = await askForBackup(dataDirectory, file);
  print(`${made.file}: ${keys} keys and ${files} files in ${bytes} bytes, read again and found whole. It holds every key of the cluster.`);
}

/** Of the server that is installed here, else of the cluster that was started in this folder. */
function defaultDirectory(): string {
  const installed = statedOptions([], serverFile).value('data-dir') ?? serverDirectory;
  return existsSync(installed) ? installed : '.berth';
}

async function withTokens(values: Values, use: (tokens: Tokens) => Promise<void>): Promise<void> {
  const connection = await readKubeconfig(kubeconfigPath(values.kubeconfig));
  if (!connection.certificateAuthority) throw new UsageError('the kubeconfig has no certificate authority: tokens are pinned to it');
  const client = new HttpClient(connection);
  try {
    await use(Tokens.pinnedTo(connection.certificateAuthority, { client, clock: systemClock }));
  } finally {
    client.close();
  }
}

function defaultEncryptionConfig(): string {
  const installed = join(serverDirectory, 'encryption.yaml');
  return existsSync(installed) ? installed : '.berth/encryption.yaml';
}

function ttlSeconds(values: Values): number | undefined {
  const text = values['ttl-hours'];
  if (text === undefined) return undefined;
  const hours = Number(text);
  if (!(hours > 0)) throw new UsageError(`--ttl-hours: ${JSON.stringify(text)} is not a number of hours`);
  return Math.round(hours * 3600);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Waits for whoever reads slowly. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

function note(text: string): void {
  process.stderr.write(`berth: ${text}\n`);
}

// Whoever reads may have read enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`berth: ${error.message}\n`);
  if (error instanceof UsageError) process.stderr.write('berth: --help shows the commands\n');
  process.exit(error instanceof UsageError ? 2 : 1);
});
