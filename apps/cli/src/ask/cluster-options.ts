// What commands that ask a cluster have in common: which one, which namespace, and in which form they answer.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { type Connection, HttpClient, KubeconfigError, readKubeconfig } from '@berth/client';
import { UsageError } from '@berth/telemetry/command-line';
import { installedKubeconfig } from '../installation.ts';

const unreachable = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EAI_AGAIN']);

export const askOptions = {
  kubeconfig: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export interface Cluster {
  client: HttpClient;
  server: string;
  /** Of the command line, else of the kubeconfig, else `default`. */
  namespace: string;
}

/** What a command takes beside the common ones. */
export type OwnOptions = Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }>;

export interface Asked {
  positionals: string[];
  isJson: boolean;
  /** In which form; absent for text. */
  output: string | undefined;
  isHelp: boolean;
  /** What was given for an option that takes a value; of one that may be repeated, the last. */
  text(name: string): string | undefined;
  texts(name: string): string[];
  isSet(name: string): boolean;
  /** Asks the cluster, and closes the connection. @throws Error that says what to do when it cannot be found or does not answer */
  ask<T>(use: (cluster: Cluster) => Promise<T>): Promise<T>;
}

/** @param forms that `--output` may name @throws UsageError */
export function readAsked(argv: string[], own: OwnOptions = {}, forms: readonly string[] = ['json']): Asked {
  const { values, positionals } = parsed(argv, own);
  const texts = (name: string) => [values[name]].flat().filter((value) => typeof value === 'string');
  const text = (name: string) => texts(name).at(-1);
  const output = text('output');
  if (output !== undefined && !forms.includes(output)) {
    const known = forms.length === 1 ? 'not json, the only form beside text' : `none of ${forms.join(', ')}`;
    throw new UsageError(`--output: ${JSON.stringify(output)} is ${known}`);
  }
  return {
    positionals,
    isJson: output === 'json',
    output,
    isHelp: values.help === true,
    text,
    texts,
    isSet: (name) => values[name] === true,
    ask: (use) => askCluster({ kubeconfig: text('kubeconfig'), namespace: text('namespace') }, use),
  };
}

/** @throws Error that says what to do when it cannot be found or does not answer */
export async function askCluster<T>(
  values: { kubeconfig?: string; namespace?: string },
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const connection = await connectionOf(kubeconfigPath(values.kubeconfig));
  const { server } = connection;
  const client = new HttpClient(connection);
  try {
    return await use({ client, server, namespace: values.namespace ?? connection.namespace ?? 'default' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string' || !unreachable.has(code)) throw error;
    const remedy = 'start it (npm run up, or berth server), or name another with --kubeconfig';
    throw new Error(`the cluster at ${server} does not answer (${code}): ${remedy}`, { cause: error });
  } finally {
    client.close();
  }
}

async function connectionOf(path: string): Promise<Connection> {
  try {
    return await readKubeconfig(path);
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    throw new Error(`${error.message}; --kubeconfig or the variable KUBECONFIG names another`, { cause: error });
  }
}

interface Parsed {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  positionals: string[];
}

function parsed(argv: string[], own: OwnOptions): Parsed {
  try {
    const options: ParseArgsOptionsConfig = { ...own, ...askOptions };
    return parseArgs({ args: argv, options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** As kubectl finds it; before the user's own, that of the server here or of the cluster that was started in this folder. */
export function kubeconfigPath(given: string | undefined): string {
  if (given !== undefined) return given;
  const named = process.env.KUBECONFIG?.split(':').filter((path) => path !== '');
  if (named && named.length > 0) return named.find((path) => existsSync(path)) ?? named[0] ?? '';
  const usual = ['.berth/admin.kubeconfig', join(homedir(), '.kube', 'config')];
  return [installedKubeconfig, ...usual].find((path) => existsSync(path)) ?? '.berth/admin.kubeconfig';
}
