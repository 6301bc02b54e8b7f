// The resource metrics API, metrics.k8s.io/v1beta1: what `kubectl top`, autoscalers and the dashboard read. Computed on read.
// (kubernetes.io, "Resource metrics pipeline".)
import { defineKind, type FieldDeclaration, type KubeObject } from '@berth/machinery';
import { schemas } from '../schemas.ts';

/** Go's text of a duration: `15s`. */
type Duration = string;

interface Sample extends KubeObject {
  /** RFC 3339: the end of the window. */
  timestamp: string;
  window: Duration;
}

export interface NodeMetrics extends Sample {
  usage: Record<string, string>;
}

export interface PodMetrics extends Sample {
  containers: { name: string; usage: Record<string, string> }[];
}

const typed: FieldDeclaration = { name: '', type: 'meta.v1.TypeMeta', inline: true };
const sampled: FieldDeclaration[] = [
  typed,
  { name: 'metadata', type: 'meta.v1.ObjectMeta', number: 1 },
  { name: 'timestamp', type: 'Time', number: 2 },
  { name: 'window', type: 'Duration', number: 3 },
];
const listOf = (message: string): FieldDeclaration[] => [
  typed,
  { name: 'metadata', type: 'meta.v1.ListMeta', number: 1 },
  { name: 'items', type: `[]metrics.v1beta1.${message}`, number: 2 },
];
schemas.add('metrics.v1beta1', {
  NodeMetrics: { fields: [...sampled, { name: 'usage', type: 'map:Quantity', number: 4 }] },
  NodeMetricsList: { fields: listOf('NodeMetrics') },
  PodMetrics: { fields: [...sampled, { name: 'containers', type: '[]metrics.v1beta1.ContainerMetrics', number: 4 }] },
  PodMetricsList: { fields: listOf('PodMetrics') },
  ContainerMetrics: {
    fields: [
      { name: 'name', type: 'string', number: 1 },
      { name: 'usage', type: 'map:Quantity', number: 2 },
    ],
  },
});

const common = { group: 'metrics.k8s.io', version: 'v1beta1', verbs: ['get', 'list'] };

export const NodeMetrics = defineKind<NodeMetrics>({
  ...common,
  kind: 'NodeMetrics',
  plural: 'nodes',
  scope: 'Cluster',
  schema: schemas.message('metrics.v1beta1.NodeMetrics'),
});

export const PodMetrics = defineKind<PodMetrics>({
  ...common,
  kind: 'PodMetrics',
  plural: 'pods',
  scope: 'Namespaced',
  schema: schemas.message('metrics.v1beta1.PodMetrics'),
});
