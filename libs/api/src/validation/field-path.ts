// Downward API: which fields and resources of a pod its own containers may read.
import type { ObjectFieldSelector, ResourceFieldSelector } from '../generated/core-v1.types.ts';
import { type FieldError, invalid, invalidAll, notSupported, required } from './errors.ts';
import { qualified } from './names.ts';
import { compareQuantities, isQuantity } from './resources.ts';

export const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
export const volumeFieldPaths = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
const resources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const divisors: Record<string, string[]> = {
  cpu: ['1', '1m'],
  memory: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
};

/** `metadata.labels['app']` → path and key; undefined for a path without a subscript. */
export function subscript(fieldPath: string): { path: string; key: string } | undefined {
  const match = /^([^[\]]+)\['(.*)'\]$/.exec(fieldPath);
  return match?.[1] !== undefined && match[2] !== undefined ? { path: match[1], key: match[2] } : undefined;
}

/** What Kubernetes knows of a pod by a path, whether it can be had or not. */
const labelsOfPods = new Set([
  ...[
    'metadata.annotations',
    'metadata.labels',
    'metadata.name',
    'metadata.namespace',
    'metadata.uid',
    'spec.nodeName',
    'spec.restartPolicy',
  ],
  ...['spec.serviceAccountName', 'spec.schedulerName', 'status.phase', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
]);

export function objectFieldSelector(selector: ObjectFieldSelector, supported: string[], field: string): FieldError[] {
  const { apiVersion, fieldPath } = selector;
  if (!apiVersion) return [required(`${field}.apiVersion`)];
  if (!fieldPath) return [required(`${field}.fieldPath`)];
  const path = `${field}.fieldPath`;
  if (apiVersion !== 'v1') return [invalid(path, fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`)];
  const subscripted = subscript(fieldPath);
  if (!subscripted && !labelsOfPods.has(fieldPath))
    return [invalid(path, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)];
  if (!subscripted) return supported.includes(fieldPath) ? [] : [notSupported(path, fieldPath, supported)];
  if (subscripted.path !== 'metadata.labels' && subscripted.path !== 'metadata.annotations') {
    return [invalid(path, fieldPath, 'does not support subscript')];
  }
  const key = subscripted.path === 'metadata.annotations' ? subscripted.key.toLowerCase() : subscripted.key;
  return invalidAll(path, subscripted.key, qualified(key));
}

/** @param inVolume a file of a volume belongs to no container, so it must name one. */
export function resourceFieldSelector(selector: ResourceFieldSelector, inVolume: boolean, field: string): FieldError[] {
  if (inVolume && !selector.containerName) return [required(`${field}.containerName`)];
  if (!selector.resource) return [required(`${field}.resource`)];
  if (!resources.includes(selector.resource)) return [notSupported(`${field}.resource`, selector.resource, resources)];
  const { divisor } = selector;
  if (!divisor || divisor === '0') return [];
  const allowed = divisors[selector.resource.endsWith('.cpu') ? 'cpu' : 'memory'] ?? [];
  if (isQuantity(divisor) && allowed.some((unit) => compareQuantities(unit, divisor) === 0)) return [];
  const which = selector.resource.endsWith('.cpu')
    ? "only divisor's values 1m and 1 are supported with the cpu resource"
    : `only divisor's values ${allowed.join(', ')} are supported with the ${selector.resource.split('.')[1]} resource`;
  return [invalid(`${field}.divisor`, divisor, which)];
}
