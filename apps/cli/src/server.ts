// `berth server`: a control plane and, unless it is told otherwise, the agent of its own machine, in one foreground process that starts
// again what ends. The agent joins with a token that only this machine ever sees.
import { join } from 'node:path';
import { HttpClient, readKubeconfig, Tokens } from '@berth/client';
import { jsonLogger, type Logger, standardErrorLines, systemClock } from '@berth/telemetry';
import { hasIdentity } from './certificates.ts';
import { programCommand } from './programs.ts';
import { type ServerPlan, serverPlan } from './server-plan.ts';
import { Supervisor } from './supervisor.ts';

const tokenTtlSeconds = 3600;
const retryMs = 300;
const requestTimeoutMs = 5_000;

/** Runs until a signal ends it; resolves with the exit code. */
export async function runServer(argv: string[]): Promise<number> {
  const plan = serverPlan(argv);
  const logger = jsonLogger(systemClock, 'info', standardErrorLines()).with({ role: 'supervisor' });
  const stopping = new AbortController();
  let exitCode = 0;
  const supervisor = new Supervisor({
    clock: systemClock,
    logger,
    gaveUp: () => {
      exitCode = 2;
      stopping.abort();
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  const aborted = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve(), { once: true }));
  supervisor.run({ name: 'control-plane', command: programCommand('control-plane', plan.controlPlane) });
  if (plan.agent) {
    const env = await agentEnvironment(plan, plan.agent.dataDirectory, logger, stopping.signal);
    if (env) supervisor.run({ name: 'node-agent', command: programCommand('node-agent', plan.agent.args), env });
  }
  // Nothing else keeps a process without children alive between two starts.
  const alive = setInterval(() => undefined, 2 ** 30);
  await aborted;
  clearInterval(alive);
  await supervisor.stop();
  return exitCode;
}

/** With a token where the agent has not joined yet. Undefined when it was stopped before there was one. */
async function agentEnvironment(
  { dataDirectory }: ServerPlan,
  agentDirectory: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<NodeJS.ProcessEnv | undefined> {
  if (hasIdentity(agentDirectory, systemClock.now())) return process.env;
  const kubeconfig = join(dataDirectory, 'admin.kubeconfig');
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      return { ...process.env, BERTH_JOIN_TOKEN: await joinToken(kubeconfig) };
    } catch (error) {
      // The control plane needs a moment; what keeps it from starting, it says itself.
      if (tries % 100 === 99) logger.warn('waiting for the control plane, to let this machine join', { error });
      await systemClock.sleep(retryMs, signal).catch(() => undefined);
    }
  }
  return undefined;
}

async function joinToken(kubeconfig: string): Promise<string> {
  const connection = await readKubeconfig(kubeconfig);
  const client = new HttpClient(connection);
  try {
    await client.text('/readyz', AbortSignal.timeout(requestTimeoutMs));
    const tokens = Tokens.pinnedTo(connection.certificateAuthority ?? '', { client, clock: systemClock });
    return await tokens.createJoinToken(tokenTtlSeconds);
  } finally {
    client.close();
  }
}
