// Nodes, events and leases: what the cluster itself writes.
import { asGoStruct } from '@berth/machinery';
import type { Lease } from '../generated/coordination-v1.types.ts';
import type { Node } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { duplicate, each, type FieldError, forbidden, invalid, invalidAll, nonNegative, optionalOneOf, required } from './errors.ts';
import { labelValue, qualified } from './names.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateNodeSpec({ spec }: Node): FieldError[] {
  const seen = new Set<string>();
  return each(spec?.taints, 'spec.taints', (taint, path, index) => {
    const errors = invalidAll(`${path}.key`, taint.key ?? '', qualified(taint.key ?? ''));
    errors.push(...invalidAll(`${path}.value`, taint.value ?? '', labelValue(taint.value ?? '')));
    if (!taint.effect) errors.push(required(`${path}.effect`));
    else errors.push(...optionalOneOf(`${path}.effect`, taint.effect, effects));
    const identity = `${taint.key}:${taint.effect}`;
    if (seen.has(identity))
      errors.push({
        ...duplicate(`metadata.taints[${index}]`, asGoStruct(schemas.message('core.v1.Taint'), taint)),
        detail: 'taints must be unique by key and effect pair',
      });
    seen.add(identity);
    return errors;
  });
}

/** Addresses of a node's pods are handed out once: pods already carry them. */
export function validateNodeUpdate(next: Node, old: Node): FieldError[] {
  const errors: FieldError[] = [];
  const [before, after] = [old.spec?.podCIDRs ?? [], next.spec?.podCIDRs ?? []];
  if (before.length > 0 && before.join() !== after.join())
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  if (old.spec?.providerID && old.spec.providerID !== next.spec?.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  }
  return errors;
}

export function validateLeaseSpec({ spec }: Lease): FieldError[] {
  const seconds = spec?.leaseDurationSeconds;
  return [
    ...(seconds !== undefined && seconds <= 0 ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')] : []),
    ...nonNegative('spec.leaseTransitions', spec?.leaseTransitions),
  ];
}
