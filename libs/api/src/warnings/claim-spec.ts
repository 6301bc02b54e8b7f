// Sizes that are no number of bytes, wherever they are asked for.
import { isQuantity, parseQuantity } from '@berth/machinery';
import type { PersistentVolumeClaimSpec } from '../generated/core-v1.types.ts';

/** @param amount of something that is counted in bytes */
export function fractionalBytes(amount: string | undefined, field: string): string[] {
  if (amount === undefined || !isQuantity(amount)) return [];
  const quantity = parseQuantity(amount);
  if (Number.isInteger(quantity.milliValue() / 1000)) return [];
  return [`${field}: fractional byte value ${JSON.stringify(quantity.toString())} is invalid, must be an integer`];
}

export function claimSpecWarnings(spec: PersistentVolumeClaimSpec | undefined, field: string): string[] {
  return [
    ...fractionalBytes(spec?.resources?.requests?.storage, `${field}.resources.requests[storage]`),
    ...fractionalBytes(spec?.resources?.limits?.storage, `${field}.resources.limits[storage]`),
  ];
}
