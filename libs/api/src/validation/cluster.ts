// Leases: who holds what, and for how long.
import type { Lease } from '../generated/coordination-v1.types.ts';
import { type FieldError, invalid, nonNegative } from './errors.ts';

export function validateLeaseSpec({ spec }: Lease): FieldError[] {
  const seconds = spec?.leaseDurationSeconds;
  return [
    ...(seconds !== undefined && seconds <= 0 ? [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')] : []),
    ...nonNegative('spec.leaseTransitions', spec?.leaseTransitions),
  ];
}
