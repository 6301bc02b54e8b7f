// Tells containerd where images of a registry come from (its hosts.toml, a folder a registry, which it reads at every pull). Folders that
// somebody else has put there stay as they are; those of ours that are no longer wanted go.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryFile, RegistryTls } from './registry-file.ts';

const mark = '# Written by the node agent from --registries; changed there.\n';
const hub = 'docker.io';
const hubServer = 'https://registry-1.docker.io';

/** containerd 1.6 reads no file without this table. */
export const hostsBegin = '[host]\n';

/** By registry's folder, what its hosts.toml says. Pure. */
export function hostsFiles({ mirrors, hosts }: RegistryFile): Map<string, string> {
  const files = new Map<string, string>();
  const withTls = [...hosts].filter(([, { tls }]) => tls).map(([host]) => host);
  for (const registry of new Set([...mirrors.keys(), ...withTls])) {
    const server =
      registry === '*'
        ? ''
        : `server = ${text(registry === hub ? hubServer : `https://${registry}`)}\n${tlsText(hosts.get(registry)?.tls)}`;
    // A mirror of everything is none of itself.
    const endpoints = (mirrors.get(registry) ?? mirrors.get('*') ?? []).filter((endpoint) => new URL(endpoint).host !== registry);
    const tables = endpoints.map((endpoint) => hostTable(endpoint, hosts));
    files.set(registry === '*' ? '_default' : registry, [mark + server, ...(tables.length > 0 ? tables : [hostsBegin])].join('\n'));
  }
  return files;
}

function hostTable(endpoint: string, hosts: RegistryFile['hosts']): string {
  const { host, pathname } = new URL(endpoint);
  const { auth, tls } = hosts.get(host) ?? {};
  const basic = auth && (auth.auth ?? Buffer.from(`${auth.username ?? ''}:${auth.password ?? ''}`).toString('base64'));
  return [
    `[host.${text(endpoint)}]`,
    `capabilities = ["pull", "resolve"]`,
    ...(pathname === '/' ? [] : ['override_path = true']),
    ...tlsText(tls).split('\n').filter(Boolean),
    ...(basic === undefined ? [] : [`[host.${text(endpoint)}.header]`, `Authorization = ${text(`Basic ${basic}`)}`]),
    '',
  ].join('\n');
}

function tlsText({ caFile, certFile, keyFile, skipVerify }: RegistryTls = {}): string {
  return [
    ...(caFile === undefined ? [] : [`ca = ${text(caFile)}\n`]),
    ...(certFile === undefined || keyFile === undefined ? [] : [`client = [[${text(certFile)}, ${text(keyFile)}]]\n`]),
    ...(skipVerify ? ['skip_verify = true\n'] : []),
  ].join('');
}

/** JSON's strings are TOML's. */
const text = JSON.stringify;

/** @param directory containerd's `config_path` */
export async function writeHostsFiles(directory: string, file: RegistryFile): Promise<void> {
  const wanted = hostsFiles(file);
  for (const name of await foldersOf(directory)) {
    if (!wanted.has(name) && (await isOurs(join(directory, name)))) await rm(join(directory, name), { recursive: true, force: true });
  }
  for (const [name, content] of wanted) {
    await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
    // It may hold credentials.
    await writeFile(join(directory, name, 'hosts.toml'), content, { mode: 0o600 });
  }
}

async function foldersOf(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

async function isOurs(folder: string): Promise<boolean> {
  const content = await readFile(join(folder, 'hosts.toml'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw error;
  });
  return content.startsWith(mark);
}
