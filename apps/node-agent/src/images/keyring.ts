// Credentials for registries, by where they hold and where they come from: all that fit an image are tried, the most exact first, as
// Docker and the kubelet do it. Hashes stand for credentials wherever they are compared or recorded.
import { createHash } from 'node:crypto';
import type { Secret } from '@berth/api';
import type { RegistryAuth } from '@berth/runtime';

/** Under which names Docker Hub's credentials are kept. */
const hubKey = 'index.docker.io';
const hubDomain = 'docker.io';

export interface SecretCoordinates {
  uid: string;
  namespace: string;
  name: string;
}

export interface PullCredential {
  auth: RegistryAuth;
  hash: string;
  /** Absent: every pod of the node may use it. */
  secret?: SecretCoordinates;
}

export interface DockerEntry {
  auth?: string;
  username?: string;
  password?: string;
}

export class Keyring {
  readonly #entries = new Map<string, PullCredential[]>();

  /** @throws Error for an entry that cannot be read */
  add(entries: Record<string, DockerEntry>, secret?: SecretCoordinates): void {
    for (const [location, entry] of Object.entries(entries)) {
      const auth = authOf(location, entry);
      const credential = { auth, hash: hashOf(auth), ...(secret && { secret }) };
      const key = keyOf(location);
      this.#entries.set(key, [...(this.#entries.get(key) ?? []), credential]);
    }
  }

  /** @param repository with its domain, without tag or digest */
  lookup(repository: string): PullCredential[] {
    const keys = [...this.#entries.keys()].sort().reverse();
    const found = keys.filter((key) => matchesImage(key, repository)).flatMap((key) => this.#entries.get(key) ?? []);
    if (found.length > 0 || !repository.startsWith(`${hubDomain}/`)) return found;
    return this.#entries.get(hubKey) ?? [];
  }
}

/** Of secrets of the types kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg. @throws Error naming the secret */
export function secretKeyring(secrets: Secret[]): Keyring {
  const keyring = new Keyring();
  for (const secret of secrets) {
    const { name, namespace = '', uid = '' } = secret.metadata;
    try {
      keyring.add(entriesOf(secret), { name, namespace, uid });
    } catch (error) {
      throw new Error(`secret ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
  return keyring;
}

function entriesOf({ type, data = {} }: Secret): Record<string, DockerEntry> {
  const field = type === 'kubernetes.io/dockerconfigjson' ? '.dockerconfigjson' : type === 'kubernetes.io/dockercfg' ? '.dockercfg' : '';
  const text = data[field];
  if (!text) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64').toString());
  } catch (error) {
    throw new Error(`holds no valid JSON under ${field}`, { cause: error });
  }
  const entries = field === '.dockercfg' ? parsed : (parsed as { auths?: unknown } | null)?.auths;
  return dockerEntries(entries ?? {}, field);
}

/** @param what names them in errors @throws Error */
export function dockerEntries(entries: unknown, what: string): Record<string, DockerEntry> {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(entries)) throw new Error(`${what} is no map of registries`);
  const wrong = Object.entries(entries as object).find(([, entry]) => !isObject(entry));
  if (wrong) throw new Error(`${what} has no credentials for ${JSON.stringify(wrong[0])}`);
  return entries as Record<string, DockerEntry>;
}

function authOf(location: string, { auth, username = '', password = '' }: DockerEntry): RegistryAuth {
  if (!auth) return { username, password };
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw new Error(`auth of ${JSON.stringify(location)} is not base64(username:password)`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function hashOf({ username, password }: RegistryAuth): string {
  return createHash('sha256').update(JSON.stringify({ username, password })).digest('hex');
}

/** A location names a host, or a host and a path; the API's versions say nothing. */
function keyOf(location: string): string {
  const bare = location.replace(/^https?:\/\//, '');
  const slash = bare.indexOf('/');
  if (slash < 0) return bare;
  const path = bare.slice(slash).replace(/^\/v[12](?=\/)/, '');
  return path === '/' ? bare.slice(0, slash) : bare.slice(0, slash) + path;
}

/**
 * Whether an image is one of those that a pattern names: as many parts of the host, each as the pattern's, in which `*` stands for
 * anything, the same port, and a path that begins with the pattern's.
 */
export function matchesImage(pattern: string, repository: string): boolean {
  const [wanted, given] = [placeOf(pattern), placeOf(repository)];
  if (wanted.port !== given.port || wanted.labels.length !== given.labels.length || !given.path.startsWith(wanted.path)) return false;
  return wanted.labels.every((label, index) => labelPattern(label).test(given.labels[index] ?? ''));
}

function placeOf(text: string): { labels: string[]; port: string; path: string } {
  const [, host = '', port = '', path = ''] = /^(\[[^\]]*\]|[^:/]*)(?::(\d*))?(\/.*)?$/.exec(text) ?? [undefined, text];
  return { labels: host.split('.'), port, path };
}

function labelPattern(label: string): RegExp {
  const escaped = label.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`);
}
