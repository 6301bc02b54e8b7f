// Where the volumes of a class may be made: on nodes whose labels fit one of its terms. A term without expressions fits none.
import type { StorageClass } from '@berth/api';

export function admitsTopology({ allowedTopologies }: StorageClass, labels: Record<string, string>): boolean {
  if (!allowedTopologies?.length) return true;
  return allowedTopologies.some(({ matchLabelExpressions: expressions = [] }) => {
    const isMet = ({ key, values }: { key: string; values: string[] }) => values.includes(labels[key] ?? '') && labels[key] !== undefined;
    return expressions.length > 0 && expressions.every(isMet);
  });
}
