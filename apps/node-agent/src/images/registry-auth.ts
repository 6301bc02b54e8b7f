// Finds a registry's credentials among a pod's imagePullSecrets (types kubernetes.io/dockerconfigjson and dockercfg).
import type { Secret } from '@berth/api';
import type { RegistryAuth } from '@berth/runtime';

interface DockerEntry {
  auth?: string;
  username?: string;
  password?: string;
}

/** The entry whose server matches the image's registry best: the longest matching path wins. */
export function registryAuth(image: string, secrets: Secret[]): RegistryAuth | undefined {
  const registry = registryOf(image);
  const candidates = secrets.flatMap(entries).filter(([server]) => serves(server, registry, image));
  candidates.sort(([a], [b]) => b.length - a.length);
  const [best] = candidates;
  return best && credentials(best[1], best[0]);
}

/** The host part; images without one are Docker Hub's. */
export function registryOf(image: string): string {
  const first = image.split('/')[0] ?? '';
  const isHost = image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? first : 'docker.io';
}

function entries(secret: Secret): [string, DockerEntry][] {
  const modern = secret.data?.['.dockerconfigjson'];
  const old = secret.data?.['.dockercfg'];
  const text = modern ?? old;
  if (!text) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64').toString());
  } catch (error) {
    throw new Error(`secret ${secret.metadata.name} holds no valid JSON under ${modern ? '.dockerconfigjson' : '.dockercfg'}`, {
      cause: error,
    });
  }
  const map = modern ? (parsed as { auths?: Record<string, DockerEntry> }).auths : (parsed as Record<string, DockerEntry>);
  return Object.entries(map ?? {});
}

function serves(server: string, registry: string, image: string): boolean {
  const bare = server.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '');
  if (registry === 'docker.io') return bare === 'docker.io' || bare === 'index.docker.io' || bare === 'registry-1.docker.io';
  return bare === registry || image.startsWith(`${bare}/`);
}

function credentials(entry: DockerEntry, server: string): RegistryAuth | undefined {
  if (entry.username !== undefined) return { username: entry.username, password: entry.password ?? '', server };
  if (!entry.auth) return undefined;
  const [username = '', ...password] = Buffer.from(entry.auth, 'base64').toString().split(':');
  return { username, password: password.join(':'), server };
}
