// metrics.k8s.io: the nodes and pods that there are, joined with what their agents last reported.
import { Node, NodeMetrics, Pod, PodMetrics } from '@berth/api';
import { apiVersionOf, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { Usage } from '@berth/protocol';
import { erased } from '../kinds-by-name.ts';
import type { NodeUsage } from '../node-usage.ts';
import type { Reads } from '../reads.ts';
import type { ServedKind } from '../resource-registry.ts';
import { computedList } from './computed-list.ts';

export interface UsageMetricsPorts {
  reads: Pick<Reads, 'all'>;
  usages(): NodeUsage[];
}

export function usageMetrics({ reads, usages }: UsageMetricsPorts): ServedKind[] {
  const objects = async (kind: KindDefinition, namespace: string | undefined) =>
    (await reads.all(kind, namespace)).map(({ object }) => object);
  const nodes = async (): Promise<NodeMetrics[]> => {
    const byName = new Map(usages().map((usage) => [usage.nodeName, usage]));
    return (await objects(erased(Node), undefined)).flatMap((node) => {
      const usage = byName.get(node.metadata.name);
      return usage ? [{ ...heading(NodeMetrics, node, usage), usage: quantities(usage.node) }] : [];
    });
  };
  const pods = async (namespace: string | undefined): Promise<PodMetrics[]> => {
    const byUid = new Map(usages().flatMap((usage) => usage.pods.map((pod) => [pod.uid, { usage, pod }] as const)));
    return (await objects(erased(Pod), namespace)).flatMap((pod) => {
      const measured = byUid.get(pod.metadata.uid ?? '');
      if (!measured) return [];
      const containers = measured.pod.containers.map((container) => ({ name: container.name, usage: quantities(container) }));
      return [{ ...heading(PodMetrics, pod, measured.usage), containers }];
    });
  };
  return [
    { kind: erased(NodeMetrics), resource: computedList(nodes) },
    { kind: erased(PodMetrics), resource: computedList(pods) },
  ];
}

function heading(kind: { group: string; version: string; kind: string }, { metadata }: KubeObject, { at, windowSeconds }: NodeUsage) {
  const { name, namespace, labels, creationTimestamp } = metadata;
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name, ...(namespace && { namespace }), ...(labels && { labels }), ...(creationTimestamp && { creationTimestamp }) },
    timestamp: at,
    window: `${windowSeconds}s`,
  };
}

function quantities({ cpuNanoCores, memoryBytes }: Usage): { cpu: string; memory: string } {
  return { cpu: `${cpuNanoCores}n`, memory: `${Math.round(memoryBytes / 1024)}Ki` };
}
