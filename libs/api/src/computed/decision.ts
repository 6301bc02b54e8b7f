// What the scheduler decided of a pod last and why: decisions.scheduling.berth.io/v1alpha1. Kept by the scheduler as long as the pod is
// there, computed on read, and named as the pod is.
import { type Column, defineKind, type FieldDeclaration, type KubeObject } from '@berth/machinery';
import { ageColumn, nameColumn, text, wide } from '../columns/column.ts';
import { schemas } from '../schemas.ts';

export interface DecisionScore {
  plugin: string;
  /** 0..100 */
  score: number;
  weight: number;
}

export interface DecisionChange {
  type: string;
  text: string;
  /** Of the pod. */
  field?: string;
  resource?: string;
  /** A quantity. */
  lacks?: string;
}

export interface DecisionWay {
  node: string;
  nodeCount: number;
  changes: DecisionChange[];
}

export interface Decision extends KubeObject {
  podUID: string;
  /** Absent while the pod has no node. */
  nodeName?: string;
  nominatedNodeName?: string;
  /** Scheduled, Unschedulable, Preempting, BindingFailed. */
  reason: string;
  /** As the pod's event and condition have it. */
  message?: string;
  attempts: number;
  nodes: { total: number; feasible: number };
  refusedBy?: { plugin: string; nodes: number }[];
  reasons?: { reason: string; nodes: number }[];
  refused?: { node: string; plugin: string; reasons: string[] }[];
  scores?: { node: string; total: number; plugins: DecisionScore[] }[];
  preemption?: { nodeName: string; victimCount: number; victims?: string[]; budgetViolations: number };
  /** How the pod would fit; of a single decision that is asked for, and of a pod without a node. */
  leastChanges?: DecisionWay[];
  /** What the object does not say, and why. */
  notes?: string[];
}

const typed: FieldDeclaration = { name: '', type: 'meta.v1.TypeMeta', inline: true };
const fields = (...declared: [name: string, type: string, isKept?: true][]): { fields: FieldDeclaration[] } => ({
  fields: declared.map(([name, type, isKept], index) => ({ name, type, number: index + 1, ...(!isKept && { omitempty: true as const }) })),
});
const decision = fields(
  ['metadata', 'meta.v1.ObjectMeta', true],
  ['podUID', 'string', true],
  ['nodeName', 'string'],
  ['nominatedNodeName', 'string'],
  ['reason', 'string', true],
  ['message', 'string'],
  ['attempts', 'int32', true],
  ['nodes', 'decisions.v1alpha1.NodeCounts', true],
  ['refusedBy', '[]decisions.v1alpha1.PluginRefusals'],
  ['reasons', '[]decisions.v1alpha1.ReasonCount'],
  ['refused', '[]decisions.v1alpha1.NodeRefusal'],
  ['scores', '[]decisions.v1alpha1.NodeScore'],
  ['preemption', 'decisions.v1alpha1.Preemption'],
  ['leastChanges', '[]decisions.v1alpha1.LeastChange'],
  ['notes', '[]string'],
).fields.map((field): FieldDeclaration => (field.name === 'preemption' ? { ...field, pointer: true } : field));
schemas.add('decisions.v1alpha1', {
  Decision: { fields: [typed, ...decision] },
  DecisionList: {
    fields: [
      typed,
      { name: 'metadata', type: 'meta.v1.ListMeta', number: 1 },
      { name: 'items', type: '[]decisions.v1alpha1.Decision', number: 2 },
    ],
  },
  NodeCounts: fields(['total', 'int32', true], ['feasible', 'int32', true]),
  PluginRefusals: fields(['plugin', 'string', true], ['nodes', 'int32', true]),
  ReasonCount: fields(['reason', 'string', true], ['nodes', 'int32', true]),
  NodeRefusal: fields(['node', 'string', true], ['plugin', 'string', true], ['reasons', '[]string', true]),
  PluginScore: fields(['plugin', 'string', true], ['score', 'double', true], ['weight', 'int32', true]),
  NodeScore: fields(['node', 'string', true], ['total', 'double', true], ['plugins', '[]decisions.v1alpha1.PluginScore', true]),
  Preemption: fields(['nodeName', 'string', true], ['victimCount', 'int32', true], ['victims', '[]string'], ['budgetViolations', 'int32']),
  Change: fields(['type', 'string', true], ['text', 'string', true], ['field', 'string'], ['resource', 'string'], ['lacks', 'string']),
  LeastChange: fields(['node', 'string', true], ['nodeCount', 'int32', true], ['changes', '[]decisions.v1alpha1.Change', true]),
});

const columns: Column<Decision>[] = [
  nameColumn(),
  text('Node', 'Node that the pod got', ({ nodeName }) => nodeName ?? 'Pending'),
  text('Reason', 'What became of it', ({ reason }) => reason),
  text('Feasible', 'Nodes that could take it, of all', ({ nodes }) => `${nodes.feasible}/${nodes.total}`),
  ageColumn(),
  wide(text('Nominated Node', 'Node on which room is made for it', ({ nominatedNodeName }) => nominatedNodeName || '<none>')),
  wide(text('Message', 'Why it fits nowhere', ({ message }) => message || '<none>')),
];

export const Decision = defineKind<Decision>({
  group: 'decisions.scheduling.berth.io',
  version: 'v1alpha1',
  kind: 'Decision',
  plural: 'decisions',
  scope: 'Namespaced',
  verbs: ['get', 'list', 'watch'],
  schema: schemas.message('decisions.v1alpha1.Decision'),
  columns,
});
