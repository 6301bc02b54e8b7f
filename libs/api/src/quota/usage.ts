// What one object uses of a quota, by the names that quotas have for it.

import type { KubeObject, Quantity } from '@berth/machinery';
import { parseQuantity } from '@berth/machinery';
import type { PersistentVolumeClaim, Pod, Service } from '../generated/core-v1.types.ts';
import type { DeviceSubRequest, ExactDeviceRequest, ResourceClaim } from '../generated/resource-v1.types.ts';
import { hasEnded } from '../pod-phase.ts';
import { storageClassNameOf } from '../storage-class-name.ts';
import { type Amounts, add, podAmounts, whole } from './amounts.ts';
import { countedSpec } from './counted.ts';

export interface Resource {
  group: string;
  plural: string;
}

/** Kinds with a name of their own beside `count/…`. */
const namedCounts = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets', 'services', 'persistentvolumeclaims'];
const computeNames = ['cpu', 'memory', 'ephemeral-storage'];
const deviceClassSuffix = '.deviceclass.resource.k8s.io/devices';
/** As many as one claim can get. */
const devicesMax = 32;
const classSuffix = '.storageclass.storage.k8s.io/';

/** `count/deployments.apps`, `count/pods`. */
export function countName({ group, plural }: Resource): string {
  return `count/${plural}${group && `.${group}`}`;
}

export function quotaUsage(resource: Resource, object: KubeObject): Amounts {
  const usage: Amounts = new Map([[countName(resource), whole(1)]]);
  if (isDeviceClaim(resource)) addDevices(usage, object as ResourceClaim);
  if (resource.group !== '') return usage;
  if (namedCounts.includes(resource.plural)) usage.set(resource.plural, whole(1));
  if (resource.plural === 'pods') addPod(usage, object as Pod);
  if (resource.plural === 'services') addService(usage, object as Service);
  if (resource.plural === 'persistentvolumeclaims') addClaim(usage, object as PersistentVolumeClaim);
  return usage;
}

/** What a quota's `hard` can name for this kind of object. */
export function isQuotaNameOf(resource: Resource, name: string): boolean {
  if (name === countName(resource)) return true;
  if (isDeviceClaim(resource)) return name.endsWith(deviceClassSuffix);
  if (resource.group !== '') return false;
  if (resource.plural === 'pods') return name === 'pods' || isPodResource(name);
  if (resource.plural === 'services') return name === 'services' || name === 'services.nodeports' || name === 'services.loadbalancers';
  if (resource.plural === 'persistentvolumeclaims') {
    return name === 'persistentvolumeclaims' || name === 'requests.storage' || name.includes(classSuffix);
  }
  return namedCounts.includes(resource.plural) && name === resource.plural;
}

function isPodResource(name: string): boolean {
  const bare = name.replace(/^(requests|limits)\./, '');
  if (computeNames.includes(bare) || bare.startsWith('hugepages-')) return true;
  return name.startsWith('requests.') && name.includes('/') && !name.includes(classSuffix);
}

/** A pod that ended is an object still, but uses nothing. */
function addPod(usage: Amounts, pod: Pod): void {
  const { spec } = pod;
  if (hasEnded(pod)) return;
  usage.set('pods', whole(1));
  for (const [name, amount] of podUsage(podAmounts(countedSpec(pod), 'requests', true), podAmounts(spec, 'limits', true)))
    usage.set(name, amount);
}

export function podUsage(requests: Amounts, limits: Amounts): Amounts {
  const usage: Amounts = new Map();
  for (const [name, amount] of requests) {
    const isHuge = name.startsWith('hugepages-');
    if (computeNames.includes(name) || isHuge) usage.set(name, amount);
    if (computeNames.includes(name) || isHuge || name.includes('/')) usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of limits) if (computeNames.includes(name)) usage.set(`limits.${name}`, amount);
  return usage;
}

function addService(usage: Amounts, { spec }: Service): void {
  const ports = spec.ports ?? [];
  const withNodePort = ports.filter(({ nodePort }) => nodePort).length;
  usage.set('services.nodeports', whole(0));
  usage.set('services.loadbalancers', whole(0));
  if (spec.type === 'NodePort') usage.set('services.nodeports', whole(ports.length));
  if (spec.type !== 'LoadBalancer') return;
  usage.set('services.nodeports', whole(spec.allocateLoadBalancerNodePorts === false ? withNodePort : ports.length));
  usage.set('services.loadbalancers', whole(1));
}

function addClaim(usage: Amounts, claim: PersistentVolumeClaim): void {
  const { spec, status } = claim;
  const storageClass = storageClassNameOf(claim);
  const storage = largest(spec?.resources?.requests?.storage, status?.allocatedResources?.storage);
  if (storageClass) add(usage, `${storageClass}${classSuffix}persistentvolumeclaims`, whole(1));
  if (!storage) return;
  usage.set('requests.storage', storage);
  if (storageClass) usage.set(`${storageClass}${classSuffix}requests.storage`, storage);
}

function isDeviceClaim({ group, plural }: Resource): boolean {
  return group === 'resource.k8s.io' && plural === 'resourceclaims';
}

/** By class; of alternatives, the most that may be allocated. */
function addDevices(usage: Amounts, { spec }: ResourceClaim): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    const most = new Map<string, number>();
    const wanted: (DeviceSubRequest | ExactDeviceRequest)[] = firstAvailable.length > 0 ? firstAvailable : exactly ? [exactly] : [];
    for (const request of wanted) {
      const name = request.deviceClassName ?? '';
      most.set(name, Math.max(most.get(name) ?? 0, devicesOf(request)));
    }
    for (const [name, count] of most) add(usage, `${name}${deviceClassSuffix}`, whole(count));
  }
}

function devicesOf({ allocationMode: mode, count = 0 }: DeviceSubRequest | ExactDeviceRequest): number {
  if (mode === 'All') return devicesMax;
  return mode === 'ExactCount' ? count : 0;
}

function largest(...texts: (string | undefined)[]): Quantity | undefined {
  const amounts = texts.flatMap((text) => (text === undefined ? [] : parseQuantity(text)));
  return amounts.sort((a, b) => b.compare(a))[0];
}
