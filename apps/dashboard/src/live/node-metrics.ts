// What nodes use, where the cluster serves metrics.k8s.io; the last minutes are kept here, as the API only tells of now.
import { useQuery } from '@tanstack/react-query';
import { amount } from '../model/node-usage.ts';
import { useSession } from './session-context.ts';
import { useAccess } from './use-access.ts';

const group = 'metrics.k8s.io';
const everyMs = 10_000;
const discoveryEveryMs = 60_000;
/** Ten minutes. */
const pointsMax = 60;

export interface UsagePoint {
  atMs: number;
  cpu: number;
  memory: number;
}

export interface NodeUsage {
  latest: UsagePoint;
  points: UsagePoint[];
}

export interface ClusterUsage {
  state: 'loading' | 'absent' | 'failed' | 'there';
  error?: string;
  byNode: ReadonlyMap<string, NodeUsage>;
}

interface NodeMetricsList {
  items: { metadata: { name: string }; timestamp?: string; usage: { cpu: string; memory: string } }[];
}

const none: ReadonlyMap<string, NodeUsage> = new Map();
const history = new Map<string, UsagePoint[]>();

export function useNodeUsage(): ClusterUsage {
  const { api } = useSession();
  // By discovery, as asking for what is not there would be an error in the browser's console.
  const discovery = useQuery({
    queryKey: ['groups'],
    queryFn: ({ signal }) => api.getJson<{ groups: { name: string }[] }>('/apis', {}, signal),
    refetchInterval: discoveryEveryMs,
  });
  const isServed = discovery.data?.groups.some(({ name }) => name === group) ?? false;
  // As is asking for what one may not see.
  const [isAllowed] = useAccess([{ verb: 'list', group, resource: 'nodes' }]);
  const metrics = useQuery({
    queryKey: ['node-metrics'],
    queryFn: async ({ signal }) => remember(await api.getJson<NodeMetricsList>(`/apis/${group}/v1beta1/nodes`, {}, signal)),
    enabled: isServed && isAllowed === true,
    refetchInterval: everyMs,
  });
  if (discovery.data && !isServed) return { state: 'absent', byNode: none };
  if (isAllowed === false) return { state: 'failed', error: 'you may not see what nodes use.', byNode: none };
  const error = discovery.error ?? metrics.error;
  if (error) return { state: 'failed', error: error.message, byNode: none };
  return metrics.data ? { state: 'there', byNode: metrics.data } : { state: 'loading', byNode: none };
}

/** Nodes that are no longer measured are forgotten. */
function remember({ items }: NodeMetricsList): ReadonlyMap<string, NodeUsage> {
  const byNode = new Map<string, NodeUsage>();
  for (const { metadata, timestamp, usage } of items) {
    const atMs = timestamp ? Date.parse(timestamp) : Date.now();
    const latest = { atMs, cpu: amount(usage.cpu), memory: amount(usage.memory) };
    const before = (history.get(metadata.name) ?? []).filter((point) => point.atMs < atMs);
    const points = [...before, latest].slice(-pointsMax);
    byNode.set(metadata.name, { latest, points });
  }
  history.clear();
  for (const [name, { points }] of byNode) history.set(name, points);
  return byNode;
}
