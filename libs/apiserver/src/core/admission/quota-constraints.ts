// A quota on cpu or memory can only be kept when every container says how much it takes.
import { type Pod, podAmounts, podUsage } from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { isKind } from './request-predicates.ts';

/** Kubernetes asks for these alone. */
const demanded = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** `limits.cpu for: web; limits.memory for: web,cache`, or undefined when nothing is missing. */
export function missingAmounts(kind: KindDefinition, object: KubeObject, hardNames: string[]): string | undefined {
  if (!isKind(kind, '', 'Pod')) return undefined;
  const names = demanded.filter((name) => hardNames.includes(name)).sort();
  const { spec } = object as Pod;
  if (names.length === 0 || hasAmounts(spec.resources)) return undefined;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map((container) => {
    const alone = { containers: [container] };
    return { name: container.name, usage: podUsage(podAmounts(alone, 'requests', false), podAmounts(alone, 'limits', false)) };
  });
  const missing = names.flatMap((name) => {
    const silent = containers.filter(({ usage }) => !usage.has(name)).map((container) => container.name);
    return silent.length > 0 ? `${name} for: ${silent.sort().join(',')}` : [];
  });
  return missing.length > 0 ? missing.join('; ') : undefined;
}

/** A pod that says how much it takes as a whole. */
function hasAmounts(resources: Pod['spec']['resources']): boolean {
  return Object.keys(resources?.requests ?? {}).length > 0 || Object.keys(resources?.limits ?? {}).length > 0;
}
