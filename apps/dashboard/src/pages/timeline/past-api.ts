// What the API says of the past: who changed what, how far back that goes, and what there was at a moment.
import type { Change, Moment } from '@berth/api';
import { useQuery } from '@tanstack/react-query';
import { useSession } from '../../live/session-context.ts';
import { rowsOf, type TableColumn, type TableRow, tableAccept, tableColumns } from '../../live/table-form.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import { collectionPath, type ResourceType } from '../../model/resource-types.ts';

const root = '/apis/history.berth.io/v1alpha1';
const everyMs = 10_000;
/** Changes that are asked for at a time. */
const changesMax = 500;

export interface ChangesWanted {
  /** Go's durations: `1h`. */
  since: string;
  /** Of the field selector; without it, of everything. */
  name: string;
  kind: string;
}

export interface Changes {
  items: Change[];
  isMore: boolean;
}

export function useChanges({ since, name, kind }: ChangesWanted) {
  const { api, confinedTo } = useSession();
  const escaped = (text: string) => text.replace(/[\\,=]/g, '\\$&');
  const selector = [`since=${since}`, ...(name ? [`object.name=${escaped(name)}`] : []), ...(kind ? [`object.kind=${escaped(kind)}`] : [])];
  const path = confinedTo === undefined ? `${root}/changes` : `${root}/namespaces/${encodeURIComponent(confinedTo)}/changes`;
  return useQuery({
    queryKey: ['changes', path, ...selector],
    queryFn: async ({ signal }): Promise<Changes> => {
      const list = await api.list(path, { limit: String(changesMax), fieldSelector: selector.join(',') }, signal);
      return { items: list.items as unknown as Change[], isMore: Boolean(list.metadata.continue) };
    },
    refetchInterval: everyMs,
  });
}

/** From when to when the past can be seen, in milliseconds. */
export function useKeptTime() {
  const { api } = useSession();
  return useQuery({
    queryKey: ['moments'],
    queryFn: async ({ signal }) => {
      const [oldest, newest] = (await api.list(`${root}/moments`, {}, signal)).items as unknown as Moment[];
      return { fromMs: Date.parse(oldest?.time ?? ''), toMs: Date.parse(newest?.time ?? '') };
    },
    refetchInterval: everyMs,
  });
}

export interface PastTable {
  columns: TableColumn[];
  rows: TableRow[];
  /** `namespace/name` of what there is today. */
  today: Set<string>;
}

/** @param atMs undefined for now */
export function usePastTable(type: ResourceType | undefined, atMs: number | undefined) {
  const { api, confinedTo } = useSession();
  const path = type && collectionPath(type, type.isNamespaced ? confinedTo : undefined);
  return useQuery({
    queryKey: ['past', path, atMs],
    enabled: path !== undefined,
    queryFn: async ({ signal }): Promise<PastTable> => {
      const now = await api.list(path ?? '', {}, signal, tableAccept);
      const exact = atMs === undefined ? undefined : await exactly(api, atMs, signal);
      const past = exact ? await api.list(path ?? '', exact, signal, tableAccept) : now;
      return { columns: tableColumns(past) ?? [], rows: rowsOf(past), today: new Set(rowsOf(now).map(keyOf)) };
    },
    refetchInterval: everyMs,
  });
}

type Api = ReturnType<typeof useSession>['api'];

async function exactly(api: Api, atMs: number, signal?: AbortSignal): Promise<Record<string, string>> {
  const { revision } = await api.getJson<Moment>(`${root}/moments/${encodeURIComponent(new Date(atMs).toISOString())}`, {}, signal);
  return atRevision(revision);
}

function atRevision(resourceVersion: string): Record<string, string> {
  return { resourceVersion, resourceVersionMatch: 'Exact' };
}

/** The object as it was, and what services there are today. @param before a revision, or a time in milliseconds */
export async function pastObject(
  api: Api,
  type: ResourceType,
  of: { namespace?: string | undefined; name: string },
  before: string | number,
) {
  const exact = typeof before === 'number' ? await exactly(api, before) : atRevision(before);
  const path = collectionPath(type, of.namespace);
  const { items } = await api.list(path, { ...exact, fieldSelector: `metadata.name=${of.name}` });
  const isService = type.kind === 'Service' && type.group === '';
  const services = isService ? (await api.list(collectionPath(type, undefined), {})).items : [];
  return { past: items[0], services };
}

export function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
