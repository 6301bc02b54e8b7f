// `berth hollow`: its options, and how it runs until it is stopped.
import { mkdtemp, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseJoinToken } from '@berth/protocol';
import { jsonLogger, standardErrorLines, systemClock, systemRandom } from '@berth/telemetry';
import { type OptionValues, parseOptions, UsageError } from '@berth/telemetry/command-line';
import { parseGateway } from '../command-line.ts';
import { addressAfter, HollowNodes, type HollowNodesOptions } from './hollow-nodes.ts';

const nodesMax = 5_000;
/** Of the range for benchmarks (RFC 2544), 198.18.0.0/15. */
const firstAddressDefault = '198.18.0.1';
const sayEveryMs = 10_000;

const usage = `usage: berth hollow --nodes N --server URL --token TOKEN [options]
  Joins N simulated nodes to a cluster, to load its control plane. They keep sessions and report pods as real ones do; in their pods
  nothing runs, and what their images do follows from names such as hollow/exit:3. Ends with SIGINT; the Node objects stay.
  --nodes N              how many, at most ${nodesMax}
  --server URL           the control plane, such as https://192.0.2.1
  --gateway HOST:PORT    the same, as the address that it has for agents
  --token TOKEN          as \`berth token join\` prints it; or in the variable BERTH_JOIN_TOKEN
  --name-prefix NAME     of the nodes' names (default hollow)
  --first-address IP     of the first node; the others have those that follow (default ${firstAddressDefault})
  --data-dir DIRECTORY   keeps their certificates, for another start as the same nodes; default: none are kept
  --help`;

const options = {
  nodes: { type: 'string' },
  server: { type: 'string' },
  gateway: { type: 'string' },
  token: { type: 'string' },
  'name-prefix': { type: 'string', default: 'hollow' },
  'first-address': { type: 'string', default: firstAddressDefault },
  'data-dir': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Undefined when help was asked for. @throws UsageError */
export function parseHollow(argv: string[], environment: NodeJS.ProcessEnv) {
  return parseOptions(argv, options, (values) => (values.help ? undefined : hollowOptions(values, environment)));
}

function hollowOptions(values: OptionValues<typeof options>, environment: NodeJS.ProcessEnv) {
  const { nodes = '', server, gateway, token = environment.BERTH_JOIN_TOKEN } = values;
  const { 'name-prefix': prefix, 'data-dir': directory, 'first-address': firstAddress } = values;
  const count = /^[1-9]\d*$/.test(nodes) ? Number(nodes) : 0;
  if (count < 1 || count > nodesMax) throw new UsageError(`--nodes: ${JSON.stringify(nodes)} is not a number from 1 to ${nodesMax}`);
  if (!/^[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?$/.test(prefix))
    throw new UsageError(`--name-prefix: ${JSON.stringify(prefix)} is not 1 to 50 lower-case letters, digits and -`);
  if (isIP(firstAddress) !== 4 || addressAfter(firstAddress, count - 1) === undefined)
    throw new UsageError(`--first-address: ${JSON.stringify(firstAddress)} is not an IPv4 address that ${count - 1} others follow`);
  if (token === undefined && directory === undefined) throw new UsageError('--token is required: make one with `berth token join`');
  if (token !== undefined) requireToken(token);
  const where = parseGateway({ server, gateway, 'tear-down': false });
  return { count, prefix, firstAddress, gateway: where, token, directory: directory === undefined ? undefined : resolve(directory) };
}

function requireToken(token: string): void {
  try {
    parseJoinToken(token);
  } catch (error) {
    throw new UsageError(`--token: ${(error as Error).message}`);
  }
}

/** Resolves when the nodes have been stopped by a signal. */
export async function runHollow(argv: string[]): Promise<void> {
  const parsed = parseHollow(argv, process.env);
  if (!parsed) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const { directory, ...chosen } = parsed;
  const dataDirectory = directory ?? (await mkdtemp(join(tmpdir(), 'berth-hollow-')));
  const hollow: HollowNodesOptions = { ...chosen, dataDirectory };
  const ports = { clock: systemClock, random: systemRandom, logger: jsonLogger(systemClock, 'error', standardErrorLines()) };
  const nodes = new HollowNodes(hollow, ports);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort(new Error(signal)));
  try {
    process.stdout.write(
      `${hollow.count} simulated nodes join ${hollow.gateway.host}:${hollow.gateway.port}; nothing runs in their pods\n`,
    );
    const started = nodes.start().catch((error: unknown) => {
      stopping.abort(error);
      throw error;
    });
    // Looked at below, once what has begun is stopped.
    started.catch(() => undefined);
    for (let said = ''; !stopping.signal.aborted; ) {
      const now = `${nodes.connected} of ${hollow.count} are connected`;
      if (now !== said)
        process.stdout.write(`${now}${nodes.lastFailure === undefined ? '' : `; the last failure: ${nodes.lastFailure}`}\n`);
      said = now;
      await systemClock.sleep(sayEveryMs, stopping.signal).catch(() => undefined);
    }
    await nodes.stop();
    await started;
  } finally {
    if (directory === undefined) await rm(dataDirectory, { recursive: true, force: true });
  }
}
