// `berth top`: what pods or nodes use, with shares of what they asked for and may use. Exit codes: 0 shown, 1 it could not be found out,
// 2 wrong usage.
import { Node, NodeMetrics, Pod, PodMetrics } from '@berth/api';
import { isReason, StatusError } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { textTable } from '../text-table.ts';
import { type Cluster, type OwnOptions, readAsked } from './cluster-options.ts';
import { nodeUsage, podUsage, type UsageResource, type UsageRow, usageRows } from './usage-table.ts';

export const topOptions: OwnOptions = {
  'all-namespaces': { type: 'boolean', short: 'A' },
  sort: { type: 'string' },
};

export const topUsage = `usage: berth top [pods|nodes] [-n NAMESPACE|-A] [--sort cpu|memory] [-o json] [--kubeconfig FILE]
  what they use, what they asked for and may use, and the shares.`;

const words = new Map<string, 'pods' | 'nodes'>([
  ...(['pods', 'pod', 'po'] as const).map((word) => [word, 'pods'] as const),
  ...(['nodes', 'node', 'no'] as const).map((word) => [word, 'nodes'] as const),
]);

export async function runTop(argv: string[], print: (text: string) => void): Promise<number> {
  const asked = readAsked(argv, topOptions);
  if (asked.isHelp) {
    print(topUsage);
    return 0;
  }
  const [word = 'pods', ...more] = asked.positionals;
  const of = words.get(word);
  if (!of || more.length > 0) throw new UsageError(`it is: berth top [pods|nodes], not ${JSON.stringify(asked.positionals.join(' '))}`);
  const sort = sortOf(asked.text('sort'));
  const isEverywhere = asked.isSet('all-namespaces');
  if (isEverywhere && asked.text('namespace') !== undefined) throw new UsageError('-n and -A: it is one of them');
  return asked.ask(async (cluster) => {
    const rows = of === 'pods' ? await podRows(cluster, isEverywhere, sort) : await nodeRows(cluster, sort);
    const none = of === 'nodes' ? 'there are no nodes' : `there are no pods${isEverywhere ? '' : ` in namespace ${cluster.namespace}`}`;
    if (asked.isJson) print(JSON.stringify(rows, undefined, 2));
    else print(rows.length === 0 ? none : textTable(usageRows(rows, of, isEverywhere)));
    return 0;
  });
}

function sortOf(text: string | undefined): UsageResource | undefined {
  if (text === undefined || text === 'cpu' || text === 'memory') return text;
  throw new UsageError(`--sort: ${JSON.stringify(text)} is neither cpu nor memory`);
}

async function podRows({ client, namespace }: Cluster, isEverywhere: boolean, sort: UsageResource | undefined): Promise<UsageRow[]> {
  const where = isEverywhere ? {} : { namespace };
  const [pods, metrics] = await Promise.all([client.list(Pod, where), measured(client.list(PodMetrics, where))]);
  return podUsage(pods.items, metrics.items, sort);
}

async function nodeRows({ client }: Cluster, sort: UsageResource | undefined): Promise<UsageRow[]> {
  const [nodes, metrics, pods] = await Promise.all([client.list(Node), measured(client.list(NodeMetrics)), client.list(Pod)]);
  return nodeUsage(nodes.items, metrics.items, pods.items, sort);
}

/** @throws Error with what to do where the cluster measures nothing */
async function measured<T>(list: Promise<T>): Promise<T> {
  try {
    return await list;
  } catch (error) {
    if (!isReason(error, 'NotFound') && !(error instanceof StatusError && error.code === 503)) throw error;
    throw new Error(`the cluster measures nothing (${error.message}): kubectl get apiservice v1beta1.metrics.k8s.io says why`, {
      cause: error,
    });
  }
}
