// Slices of what a driver has to offer: on which nodes, which devices, and counters that devices share.
import type { CounterSet, ResourcePool, ResourceSlice, ResourceSliceSpec } from '../../generated/resource-v1.types.ts';
import { type FieldError, immutable, invalid, invalidAll, required, shown } from '../errors.ts';
import { validateMetadata, validateMetadataUpdate } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { nodeSelector } from '../scheduling.ts';
import { driverName } from '../volume-sources.ts';
import { counterMap } from './counters.ts';
import { device } from './device.ts';
import { setOf } from './lists.ts';
import { label, poolName } from './names.ts';

const devicesMax = 128;
/** Where devices have taints, or take from counters. */
const tightDevicesMax = 64;
const counterSetsMax = 8;

export function validateResourceSlice(slice: ResourceSlice, old?: ResourceSlice): FieldError[] {
  const spec: Partial<ResourceSliceSpec> = slice.spec ?? {};
  const { devices = [] } = spec;
  const isTight = devices.some(({ taints = [], consumesCounters = [] }) => taints.length > 0 || consumesCounters.length > 0);
  const before = new Map((old?.spec?.devices ?? []).map((one) => [one.name, one]));
  return [
    ...validateMetadata(slice, { scope: 'Cluster', name: dnsSubdomain }),
    ...driverName(spec.driver, 'spec.driver'),
    ...pool(spec.pool ?? {}, 'spec.pool'),
    ...(old ? unchanged(slice, old) : []),
    ...placement(spec),
    ...(spec.sharedCounters && spec.devices ? [invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed')] : []),
    ...setOf(
      devices,
      isTight ? tightDevicesMax : devicesMax,
      'spec.devices',
      (one, at) => device(one, before.get(one.name), at, spec.perDeviceNodeSelection === true),
      ({ name }) => name ?? '',
    ),
    ...setOf(spec.sharedCounters, counterSetsMax, 'spec.sharedCounters', counterSet, ({ name }) => name ?? ''),
  ];
}

export function validateResourceSliceUpdate(next: ResourceSlice, old: ResourceSlice): FieldError[] {
  return validateMetadataUpdate(next, old);
}

function unchanged({ spec: next }: ResourceSlice, { spec: old }: ResourceSlice): FieldError[] {
  const errors: FieldError[] = [];
  if ((next.pool?.name ?? '') !== (old.pool?.name ?? '')) errors.push(invalid('spec.pool.name', next.pool?.name ?? '', immutable));
  if ((next.driver ?? '') !== (old.driver ?? '')) errors.push(invalid('spec.driver', next.driver ?? '', immutable));
  if (next.nodeName !== old.nodeName) errors.push(invalid('spec.nodeName', next.nodeName ?? null, immutable));
  return errors;
}

function pool({ name, resourceSliceCount: count = 0, generation = 0 }: Partial<ResourcePool>, field: string): FieldError[] {
  return [
    ...poolName(name, `${field}.name`),
    ...(count > 0 ? [] : [invalid(`${field}.resourceSliceCount`, count, 'must be greater than zero')]),
    ...(generation >= 0 ? [] : [invalid(`${field}.generation`, generation, 'must be greater than or equal to zero')]),
  ];
}

function placement(spec: Partial<ResourceSliceSpec>): FieldError[] {
  const { nodeName, nodeSelector: selector } = spec;
  const errors: FieldError[] = [];
  if (nodeName === '') errors.push(invalid('spec.nodeName', '', 'must be either unset or set to a non-empty string'));
  else if (nodeName !== undefined) errors.push(...invalidAll('spec.nodeName', nodeName, dnsSubdomain(nodeName)));
  if (selector) {
    errors.push(...nodeSelector(selector, 'spec.nodeSelector'));
    // Selectors of several slices are merged when devices of them are allocated together.
    const terms = selector.nodeSelectorTerms ?? [];
    const at = 'spec.nodeSelector.nodeSelectorTerms';
    const value = () => (terms.length === 0 ? null : terms.map((term) => shown('core.v1.NodeSelectorTerm', term)));
    if (terms.length !== 1) errors.push(invalid(at, value(), 'must have exactly one node selector term'));
  }
  for (const key of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[key] === false) errors.push(invalid(`spec.${key}`, false, 'must be either unset or set to true'));
  }
  const given = (['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const).filter((key) => spec[key]);
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (given.length === 0) return [...errors, required('spec', rule)];
  if (given.length === 1) return errors;
  const names = given.map((key) => `\`${key}\``).join(', ');
  return [...errors, invalid('spec', `{${names}}`, `${rule}, but multiple fields are set`)];
}

function counterSet({ name, counters }: CounterSet, field: string): FieldError[] {
  return [...(name ? label(name, `${field}.name`) : [required(`${field}.name`)]), ...counterMap(counters, `${field}.counters`)];
}
