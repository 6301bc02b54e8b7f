// The resource metrics API, metrics.k8s.io/v1beta1: what `kubectl top` and the dashboard show. Nothing is stored: answers join
// the nodes and pods that there are with what their agents last reported. (kubernetes.io, "Resource metrics pipeline".)
import { Node, Pod, schemas } from '@berth/api';
import { apiVersionOf, defineKind, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Usage } from '@berth/protocol';
import type { ApiServer } from '../core/api-server.ts';
import { componentUsers } from '../core/component-users.ts';
import type { NodeUsage } from '../core/node-usage.ts';
import type { ComputedRequest, ComputedResources } from './computed-resources.ts';
import { sendJson, wrongMethod } from './responses.ts';

const group = 'metrics.k8s.io';
const version = 'v1beta1';

const sample = [
  { name: 'timestamp', type: 'Time' },
  { name: 'window', type: 'string' },
];
schemas.add('metrics.v1beta1', {
  NodeMetrics: { fields: [{ name: 'metadata', type: 'meta.v1.ObjectMeta' }, ...sample, { name: 'usage', type: 'map:Quantity' }] },
  PodMetrics: {
    fields: [
      { name: 'metadata', type: 'meta.v1.ObjectMeta' },
      ...sample,
      { name: 'containers', type: '[]metrics.v1beta1.ContainerMetrics' },
    ],
  },
  ContainerMetrics: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'usage', type: 'map:Quantity' },
    ],
  },
});

function metrics(kind: string, plural: string, scope: 'Cluster' | 'Namespaced'): KindDefinition {
  return defineKind({ group, version, kind, plural, scope, schema: schemas.message(`metrics.v1beta1.${kind}`), verbs: ['get', 'list'] });
}

const nodeMetrics = metrics('NodeMetrics', 'nodes', 'Cluster');
const podMetrics = metrics('PodMetrics', 'pods', 'Namespaced');
interface Query {
  namespace?: string;
  labelSelector?: string;
}

export class UsageMetrics implements ComputedResources {
  readonly kinds = [nodeMetrics, podMetrics];
  readonly #api: ApiServer;

  constructor(api: ApiServer) {
    this.#api = api;
  }

  async serve(exchange: ComputedRequest, kind: KindDefinition): Promise<void> {
    const { path, query } = exchange;
    const { namespace, name } = path;
    if (exchange.request.method !== 'GET' || query.get('watch') === 'true') throw wrongMethod();
    const items = await this.#items(kind, { namespace, labelSelector: query.get('labelSelector') || undefined });
    const type = { kind: kind.kind, apiVersion: apiVersionOf(kind) };
    if (name === undefined) return sendJson(exchange, 200, { kind: kind.listKind, apiVersion: type.apiVersion, metadata: {}, items });
    const found = items.find((item) => item.metadata.name === name);
    if (!found) throw StatusError.notFound(kind, namespace ? `${namespace}/${name}` : name);
    await sendJson(exchange, 200, { ...type, ...found });
  }

  async #items(kind: KindDefinition, query: Query): Promise<Pick<KubeObject, 'metadata'>[]> {
    const client = this.#api.localClient(componentUsers.apiServer);
    const usages = this.#api.nodeUsages();
    if (kind === nodeMetrics) {
      const byName = new Map(usages.map((usage) => [usage.nodeName, usage]));
      const { items } = await client.list(Node, query);
      return items.flatMap((node) => {
        const usage = byName.get(node.metadata.name);
        return usage ? [{ ...heading(node, usage), usage: quantities(usage.node) }] : [];
      });
    }
    const byUid = new Map(usages.flatMap((usage) => usage.pods.map((pod) => [pod.uid, { usage, pod }] as const)));
    const { items } = await client.list(Pod, query);
    return items.flatMap((pod) => {
      const measured = byUid.get(pod.metadata.uid ?? '');
      if (!measured) return [];
      const containers = measured.pod.containers.map((container) => ({ name: container.name, usage: quantities(container) }));
      return [{ ...heading(pod, measured.usage), containers }];
    });
  }
}

function heading({ metadata }: KubeObject, { at, windowSeconds }: NodeUsage) {
  const { name, namespace, labels, creationTimestamp } = metadata;
  return {
    metadata: { name, ...(namespace && { namespace }), ...(labels && { labels }), creationTimestamp },
    timestamp: at,
    window: `${windowSeconds}s`,
  };
}

function quantities({ cpuNanoCores, memoryBytes }: Usage): { cpu: string; memory: string } {
  return { cpu: `${cpuNanoCores}n`, memory: `${Math.round(memoryBytes / 1024)}Ki` };
}
