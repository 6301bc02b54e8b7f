// Node selectors as affinities and volumes use them: terms of which one must hold, each with requirements that all must.
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '@berth/api';

/** What of a node a selector can ask for. */
export interface SelectableNode {
  name: string;
  labels: Record<string, string>;
}

export function nodeMatches(selector: NodeSelector, node: SelectableNode): boolean {
  return selector.nodeSelectorTerms.some((term) => nodeMatchesTerm(term, node));
}

/** A term without requirements matches no node. */
export function nodeMatchesTerm({ matchExpressions, matchFields }: NodeSelectorTerm, node: SelectableNode): boolean {
  if (!matchExpressions?.length && !matchFields?.length) return false;
  return (
    (matchExpressions ?? []).every((requirement) => holds(requirement, node.labels[requirement.key])) &&
    (matchFields ?? []).every((requirement) => requirement.key === 'metadata.name' && holds(requirement, node.name))
  );
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return compared(value, values[0], (a, b) => a > b);
    case 'Lt':
      return compared(value, values[0], (a, b) => a < b);
    default:
      return false;
  }
}

function compared(value: string | undefined, limit: string | undefined, compare: (a: number, b: number) => boolean): boolean {
  const integer = /^-?\d+$/;
  return value !== undefined && limit !== undefined && integer.test(value) && integer.test(limit) && compare(Number(value), Number(limit));
}
