// What can be resized of a pod, and whether two sizes are the same.
import type { Container, Pod, ResourceRequirements } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import { isSidecar } from './restart-policy.ts';

export type ResizeStep = 'update' | 'restart';

export const sizedResources = ['cpu', 'memory'] as const;
export type SizedResource = (typeof sizedResources)[number];

/** Containers that can be resized: not those that run once before the others. */
export function sizedContainers({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
}

/** Whether two say the same of cpu and memory. */
export function isSameSize(a: ResourceRequirements | undefined, b: ResourceRequirements | undefined): boolean {
  return sizedResources.every((name) => !differs(a, b, name));
}

export function differs(a: ResourceRequirements | undefined, b: ResourceRequirements | undefined, name: SizedResource): boolean {
  return (['requests', 'limits'] as const).some((kind) => {
    const [left, right] = [a?.[kind]?.[name], b?.[kind]?.[name]];
    if (left === undefined || right === undefined) return left !== right;
    return parseQuantity(String(left)).compare(parseQuantity(String(right))) !== 0;
  });
}
