// Which page is shown, from the address behind `#`: `#/pods/<namespace>/<name>?filter`. Behind `#`, as names may have dots,
// which the server would take for a file's.
import { useSyncExternalStore } from 'react';
import { builtInType, groupOf, types } from './model/resource-types.ts';

export interface Route {
  page: string;
  segments: string[];
  query: URLSearchParams;
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return parseRoute(hash);
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page = '', ...segments] = path.split('/').map(decoded);
  return { page: page || 'overview', segments, query: new URLSearchParams(query) };
}

/** Changes what is filtered without a step in the history. */
export function replaceQuery(query: URLSearchParams): void {
  const path = location.hash.split('?')[0] || '#/';
  const text = query.toString();
  history.replaceState(null, '', text ? `${path}?${text}` : path);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/**
 * Where an object is shown; undefined for one whose group is not known.
 * @param apiVersion of kinds that are not built in
 */
export function objectLink(
  kind: string | undefined,
  namespace: string | undefined,
  name: string | undefined,
  apiVersion?: string,
): string | undefined {
  const type = builtInType(kind, apiVersion === undefined ? undefined : groupOf(apiVersion));
  if (!kind || !name || (!type && apiVersion === undefined)) return undefined;
  const path = (...segments: string[]) => `#/${segments.map(encodeURIComponent).join('/')}`;
  if (type === types.Pod) return path('pods', namespace ?? '', name);
  if (type === types.Node) return path('nodes', name);
  return path('object', (type?.group ?? groupOf(apiVersion)) || coreGroup, kind, namespace || noNamespace, name);
}

/** Where all objects of a kind are listed. */
export function kindLink({ group, resource }: { group: string; resource: string }, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `#/kinds/${encodeURIComponent(group || coreGroup)}/${encodeURIComponent(resource)}${text ? `?${text}` : ''}`;
}

/** What stands in addresses for what has no name. */
export const coreGroup = 'core';
export const noNamespace = '-';

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}
