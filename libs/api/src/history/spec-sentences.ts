// What somebody wanted to be otherwise: scaled, other images, restarted, paused, cordoned, tainted, put on a node.
import { type FieldChange, isRecord, type KubeObject } from '@berth/machinery';
import type { Sentence } from './sentence.ts';

const restartedAt = /annotations\["kubectl\.kubernetes\.io\/restartedAt"\]$/;
const image = /containers\[([^\]]+)\]\.image$/i;

interface Rule {
  action: string;
  matches(path: string, object: KubeObject): boolean;
  say(change: FieldChange, object: KubeObject): string;
}

const rules: Rule[] = [
  {
    action: 'Scaled',
    matches: (path) => path === 'spec.replicas',
    say: ({ before, after }) => `scaled ${shown(before)} → ${shown(after)}`,
  },
  {
    action: 'ImageChanged',
    matches: (path) => image.test(path) && path.startsWith('spec.'),
    say: ({ path, before, after }) => `image of ${image.exec(path)?.[1]}: ${shown(before)} → ${shown(after)}`,
  },
  { action: 'Restarted', matches: (path) => restartedAt.test(path), say: () => 'restarted' },
  {
    action: 'Paused',
    matches: (path) => path === 'spec.paused' || path === 'spec.suspend',
    say: ({ path, after }) => (path === 'spec.paused' ? (after ? 'rollout paused' : 'rollout resumed') : after ? 'suspended' : 'resumed'),
  },
  {
    action: 'Cordoned',
    matches: (path, { kind }) => kind === 'Node' && path === 'spec.unschedulable',
    say: ({ after }) => (after ? 'cordoned' : 'uncordoned'),
  },
  {
    action: 'Tainted',
    matches: (path, { kind }) => kind === 'Node' && path.startsWith('spec.taints'),
    say: ({ before, after }) => `taints: ${taints(before)} → ${taints(after)}`,
  },
  {
    action: 'Scheduled',
    matches: (path, { kind }) => kind === 'Pod' && path === 'spec.nodeName',
    say: ({ after }) => `given the node ${shown(after)}`,
  },
];

/** A sentence for each field that has one of its own; whole where all that is not status has. */
export function specSentences(_before: KubeObject, after: KubeObject, fields: FieldChange[]): Sentence[] {
  const wanted = fields.filter(({ path }) => !path.startsWith('status'));
  const said = wanted.flatMap((change): Sentence[] => {
    const rule = rules.find(({ matches }) => matches(change.path, after));
    return rule ? [{ action: rule.action, text: rule.say(change, after) }] : [];
  });
  const isWhole = said.length === wanted.length;
  const texts = new Set<string>();
  return said.filter(({ text }) => !texts.has(text) && texts.add(text)).map((sentence) => ({ ...sentence, ...(isWhole && { isWhole }) }));
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : String(value);
}

function taints(value: unknown): string {
  const all = (Array.isArray(value) ? value : [value]).filter(isRecord);
  return all.length === 0 ? 'none' : all.map(({ key, effect }) => `${String(key)}:${String(effect)}`).join(', ');
}
