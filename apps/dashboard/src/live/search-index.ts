// The names and labels of all objects that one may list, kind by kind, for the search. Read when the search is opened, and kept for a
// minute; how far it has come is said.
import { useEffect, useState } from 'react';
import type { ServedKind } from '../model/discovery.ts';
import { collectionPath } from '../model/resource-types.ts';
import { type Indexed, indexed } from '../model/search.ts';
import { objectLink } from '../route.ts';
import { ApiError, type ObjectList } from './api-client.ts';
import { type Session, useSession } from './session-context.ts';

const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
const keptMs = 60_000;
const pageSize = 1_000;
const objectsMax = 60_000;
/** Kinds whose objects are called like what they are about. */
const skipped = new Set(['events', 'componentstatuses', 'decisions']);
/** Those that are looked for most, first. */
const firstResources = [
  'deployments',
  'pods',
  'services',
  'statefulsets',
  'daemonsets',
  'nodes',
  'namespaces',
  'configmaps',
  'secrets',
  'ingresses',
];

export interface SearchProgress {
  entries: Indexed[];
  /** Kinds that have been read, of how many. */
  read: number;
  kinds: number;
  /** Resources that could not be read, and those that one may not. */
  unread: string[];
}

interface Kept {
  store: unknown;
  namespace: string | undefined;
  atMs: number;
  progress: SearchProgress;
}

/** Of the last search, for as long as it is fresh. */
let kept: Kept | undefined;

export function useSearchIndex(kinds: ServedKind[] | undefined): SearchProgress {
  const session = useSession();
  const { store, confinedTo } = session;
  const [progress, setProgress] = useState<SearchProgress>({ entries: [], read: 0, kinds: 0, unread: [] });
  useEffect(() => {
    if (!kinds) return;
    if (kept?.store === store && kept.namespace === confinedTo && Date.now() - kept.atMs < keptMs) return setProgress(kept.progress);
    const stop = new AbortController();
    void readAll(session, wanted(kinds), stop.signal, (now) => {
      if (stop.signal.aborted) return;
      setProgress(now);
      if (now.read === now.kinds) kept = { store, namespace: confinedTo, atMs: Date.now(), progress: now };
    });
    return () => stop.abort();
  }, [kinds, store, confinedTo]);
  return progress;
}

function wanted(kinds: ServedKind[]): ServedKind[] {
  const rank = ({ resource }: ServedKind) => (firstResources.indexOf(resource) + 1 || firstResources.length + 1) - 1;
  return kinds
    .filter(({ verbs, resource, group }) => verbs.includes('list') && !skipped.has(resource) && group !== 'metrics.k8s.io')
    .sort((a, b) => rank(a) - rank(b));
}

/** One kind after the other: two thousand small answers at once would keep the page's own requests waiting. */
async function readAll(session: Session, kinds: ServedKind[], signal: AbortSignal, changed: (progress: SearchProgress) => void) {
  let progress: SearchProgress = { entries: [], read: 0, kinds: kinds.length, unread: [] };
  for (const kind of kinds) {
    if (signal.aborted) return;
    let { entries, unread } = progress;
    try {
      entries = [...entries, ...(await readKind(session, kind, signal, objectsMax - entries.length))];
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      unread = [...unread, kind.resource];
    }
    progress = { ...progress, entries, unread, read: progress.read + 1 };
    changed(progress);
  }
}

/** @throws ApiError 403 without asking where one may not list it */
async function readKind({ api, access, confinedTo }: Session, kind: ServedKind, signal: AbortSignal, roomFor: number): Promise<Indexed[]> {
  const { group, resource, isNamespaced } = kind;
  const namespace = isNamespaced ? confinedTo : undefined;
  if (!(await access.isAllowed({ verb: 'list', group, resource, ...(namespace && { namespace }) }))) throw new ApiError(403, resource);
  const entries: Indexed[] = [];
  let next: string | undefined;
  do {
    const query: Record<string, string> = { limit: `${pageSize}`, ...(next && { continue: next }) };
    const page: ObjectList = await api.list(collectionPath(kind, namespace), query, signal, accept);
    for (const { metadata } of page.items) entries.push(entryOf(kind, metadata));
    next = page.metadata.continue || undefined;
  } while (next && entries.length < roomFor);
  return entries.slice(0, Math.max(0, roomFor));
}

function entryOf(kind: ServedKind, metadata: { namespace?: string; name?: string; labels?: Record<string, string> }): Indexed {
  const { namespace, name = '', labels = {} } = metadata;
  const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
  return indexed({
    kind: kind.kind,
    namespace,
    name,
    href: objectLink(kind.kind, namespace, name, apiVersion) ?? '',
    more: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
  });
}
