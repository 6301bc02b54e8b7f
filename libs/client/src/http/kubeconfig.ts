// Where a cluster is and who asks, from a kubeconfig file: the current context, with certificates inline or in files.
// (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig)
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isRecord } from '@berth/machinery';
import { parse } from 'yaml';

export interface Connection {
  /** e.g. `https://127.0.0.1:6443`. */
  server: string;
  /** PEM. */
  certificateAuthority?: string;
  clientCertificate?: string;
  clientKey?: string;
  token?: string;
  /** Of a token that is renewed in its file, which is read for every request; in place of `token`. */
  tokenFile?: string;
  /** Where commands that name no namespace look. */
  namespace?: string;
}

/** The file cannot be used; the message names it and what it lacks. */
export class KubeconfigError extends Error {
  constructor(path: string, detail: string, options?: ErrorOptions) {
    super(`${path}: ${detail}`, options);
    this.name = 'KubeconfigError';
  }
}

/** @throws KubeconfigError */
export async function readKubeconfig(path: string): Promise<Connection> {
  const config = await parsed(path);
  const context = named(path, config, 'contexts', 'context', text(config['current-context']) ?? '');
  const cluster = named(path, config, 'clusters', 'cluster', text(context.cluster) ?? '');
  const user = named(path, config, 'users', 'user', text(context.user) ?? '');
  const server = text(cluster.server);
  if (server === undefined) throw new KubeconfigError(path, 'its cluster has no server');
  const folder = dirname(path);
  const [certificateAuthority, clientCertificate, clientKey] = await Promise.all([
    material(folder, cluster, 'certificate-authority'),
    material(folder, user, 'client-certificate'),
    material(folder, user, 'client-key'),
  ]);
  const namespace = text(context.namespace);
  return { server, certificateAuthority, clientCertificate, clientKey, token: text(user.token), ...(namespace && { namespace }) };
}

async function parsed(path: string): Promise<Record<string, unknown>> {
  try {
    const config: unknown = parse(await readFile(path, 'utf8'));
    if (isRecord(config)) return config;
  } catch (error) {
    throw new KubeconfigError(path, `cannot be read: ${(error as Error).message}`, { cause: error });
  }
  throw new KubeconfigError(path, 'is not a kubeconfig');
}

function named(path: string, config: Record<string, unknown>, list: string, field: string, name: string): Record<string, unknown> {
  const entries = Array.isArray(config[list]) ? config[list] : [];
  const entry: unknown = entries.find((item: unknown) => isRecord(item) && item.name === name);
  const value = isRecord(entry) ? entry[field] : undefined;
  if (!isRecord(value)) throw new KubeconfigError(path, `has no ${field} named ${JSON.stringify(name)}`);
  return value;
}

/** `<name>-data` in base64, or the file that `<name>` names. */
async function material(folder: string, fields: Record<string, unknown>, name: string): Promise<string | undefined> {
  const inline = text(fields[`${name}-data`]);
  if (inline !== undefined) return Buffer.from(inline, 'base64').toString('utf8');
  const file = text(fields[name]);
  return file === undefined ? undefined : readFile(resolve(folder, file), 'utf8');
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
