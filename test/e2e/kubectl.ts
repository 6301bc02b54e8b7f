// The real kubectl against the tests' cluster: runs a command, waits for what it shows, and gives each test a namespace.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { Cluster } from '../../tools/cluster/cluster.ts';
import { eventually } from '../../tools/cluster/eventually.ts';
import { type CommandResult, runCommand } from '../../tools/cluster/run-command.ts';
import { lane } from './lane.ts';

export function cluster(): Cluster {
  return new Cluster(lane().layout);
}

/** What kubectl printed. @throws CommandError */
export async function kubectl(...args: string[]): Promise<string> {
  return (await run(args)).stdout;
}

export function run(args: string[], options: { input?: string; timeoutMs?: number } = {}): Promise<CommandResult> {
  return runCommand([inject('kubectl'), '--kubeconfig', cluster().kubeconfig, ...args], { timeoutMs: 60_000, ...options });
}

export function apply(...manifests: object[]): Promise<CommandResult> {
  const items = manifests.length === 1 ? manifests[0] : { apiVersion: 'v1', kind: 'List', items: manifests };
  return run(['apply', '-f', '-'], { input: JSON.stringify(items) });
}

export async function get<T = Record<string, never>>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl('get', ...args, '-o', 'json')) as T;
}

/** Tries until `check` returns something other than undefined and false. */
export function until<T>(what: string, timeoutMs: number, check: () => Promise<T | undefined | false>): Promise<T> {
  return eventually(what, timeoutMs, async () => (await check()) || undefined, 200);
}

/** Runs `use` with a namespace of its own, which is gone afterwards. */
export async function withNamespace<T>(use: (namespace: string) => Promise<T>): Promise<T> {
  const namespace = `e2e-${randomBytes(3).toString('hex')}`;
  await kubectl('create', 'namespace', namespace);
  const end = () => kubectl('delete', 'namespace', namespace, '--wait=false');
  const result = await use(namespace).catch(async (error: unknown) => {
    // What went wrong first says more than what the cluster cannot do since.
    await end().catch((cause: unknown) => console.error(`namespace ${namespace} is left:`, cause));
    throw error;
  });
  await end();
  return result;
}
