// What a client of the registry in the cluster asks to be allowed (scopes, as the Docker registry's token authentication has them), and which
// requests of the registry's API each of it comes to: those are what RBAC allows, by paths. Pure.
import { registryRoot } from '../registry-path.ts';

export interface RegistryAccess {
  type: 'repository' | 'registry';
  name: string;
  actions: string[];
}

/** Of the registry's API. */
export interface RegistryCall {
  verb: string;
  path: string;
}

const scopesMax = 64;
const scopeCharsMax = 1024;
const repositoryForm = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const verbsOf = new Map<string, readonly string[]>([
  ['pull', ['get']],
  ['push', ['post', 'put', 'patch']],
  ['delete', ['delete']],
]);

/** What is no scope of a registry is left out: the token then allows nothing of it. @param texts each one or several, with spaces between */
export function scopesOf(texts: readonly string[]): RegistryAccess[] {
  return texts
    .flatMap((text) => text.split(' '))
    .slice(0, scopesMax)
    .flatMap((text) => scope(text) ?? []);
}

function scope(text: string): RegistryAccess | undefined {
  const [, type, name = '', actions = ''] = /^(repository|registry)(?:\([a-z0-9]+\))?:([^:\s]+):([a-z*,]+)$/.exec(text) ?? [];
  if (text.length > scopeCharsMax) return undefined;
  const asked = [...new Set(actions.split(','))];
  if (type === 'registry') return name === 'catalog' ? { type, name, actions: asked.filter((action) => action === '*') } : undefined;
  if (type !== 'repository' || !repositoryForm.test(name)) return undefined;
  // `*` is whatever may be done.
  const all = asked.includes('*') ? [...verbsOf.keys()] : asked.filter((action) => verbsOf.has(action));
  return { type, name, actions: all };
}

/** All of which must be allowed. */
export function callsOf({ type, name }: RegistryAccess, action: string): RegistryCall[] {
  if (type === 'registry') return [{ verb: 'get', path: `/${registryRoot}/_catalog` }];
  return (verbsOf.get(action) ?? []).map((verb) => ({ verb, path: `/${registryRoot}/${name}` }));
}

/** What a request that is passed on to the registry needs: as it was authorized already. @param from where a layer is taken over from */
export function accessFor(method: string, segments: readonly string[], from?: string): RegistryAccess[] {
  const [, ...path] = segments;
  if (path[0] === '_catalog') return [{ type: 'registry', name: 'catalog', actions: ['*'] }];
  const at = path.findLastIndex((part) => part === 'manifests' || part === 'blobs' || part === 'tags' || part === 'referrers');
  if (at <= 0) return [];
  const isRead = method === 'GET' || method === 'HEAD';
  const actions = isRead ? ['pull'] : method === 'DELETE' ? ['delete'] : ['pull', 'push'];
  const taken: RegistryAccess[] = from ? [{ type: 'repository', name: from, actions: ['pull'] }] : [];
  return [{ type: 'repository', name: path.slice(0, at).join('/'), actions }, ...taken];
}
