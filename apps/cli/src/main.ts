// `berth`: what an operator needs beside kubectl. Exit codes: 0 done, 1 failed, 2 wrong usage.
import { parseArgs } from 'node:util';
import { HttpClient, readKubeconfig, Tokens } from '@berth/client';
import { systemClock } from '@berth/telemetry';
import { addEncryptionKey } from './encryption-key.ts';

const usage = `usage: berth COMMAND [options]
  berth token join [--ttl-hours N]                 a token for a new node, valid 24 hours
  berth token access [--user NAME] [--groups A,B]  a token for the dashboard and the API, valid 30 days
                     [--ttl-hours N]               (default: user dashboard, group system:masters)
  berth encryption-key add                         a new first key for the encryption of secrets; the control plane's
                     [--config FILE]               next start encrypts everything again with it
options
  --config FILE      default: .berth/encryption.yaml
  --kubeconfig FILE  default: the variable KUBECONFIG, else .berth/admin.kubeconfig
  --help`;

class UsageError extends Error {}

const options = {
  kubeconfig: { type: 'string' },
  config: { type: 'string', default: '.berth/encryption.yaml' },
  user: { type: 'string', default: 'dashboard' },
  groups: { type: 'string', default: 'system:masters' },
  'ttl-hours': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Values = ReturnType<typeof parse>['values'];

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = parse(argv);
  if (values.help) return print(usage);
  const command = positionals.join(' ');
  const run = commands[command];
  if (!run) throw new UsageError(command === '' ? 'a command is needed' : `unknown command: ${command}`);
  await run(values);
}

const commands: Record<string, (values: Values) => Promise<void>> = {
  'token join': (values) => withTokens(values, async (tokens) => print(await tokens.createJoinToken(ttlSeconds(values)))),
  'token access': (values) =>
    withTokens(values, async (tokens) => {
      const groups = values.groups.split(',').filter((group) => group !== '');
      print(await tokens.createAccessToken({ name: values.user, groups }, ttlSeconds(values)));
    }),
  'encryption-key add': async ({ config }) => {
    const name = await addEncryptionKey(config);
    print(`${config}: ${name} is the first key now. Restart the control plane; once its log says that all is encrypted with it,`);
    print('older keys may be taken out.');
  },
};

async function withTokens(values: Values, use: (tokens: Tokens) => Promise<void>): Promise<void> {
  const connection = await readKubeconfig(values.kubeconfig ?? process.env.KUBECONFIG ?? '.berth/admin.kubeconfig');
  if (!connection.certificateAuthority) throw new UsageError('the kubeconfig has no certificate authority: tokens are pinned to it');
  const client = new HttpClient(connection);
  try {
    await use(Tokens.pinnedTo(connection.certificateAuthority, { client, clock: systemClock }));
  } finally {
    client.close();
  }
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

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`berth: ${error.message}\n`);
  if (error instanceof UsageError) process.stderr.write('berth: --help shows the commands\n');
  process.exit(error instanceof UsageError ? 2 : 1);
});
