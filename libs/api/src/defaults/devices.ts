// Requests for devices: one, unless more are asked for; a toleration's value is compared.
import type {
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
} from '../generated/resource-v1.types.ts';

export function defaultResourceClaim({ spec, status }: ResourceClaim): void {
  if (spec) defaultClaimSpec(spec);
  for (const { tolerations } of status?.allocation?.devices?.results ?? []) defaultTolerations(tolerations);
}

export function defaultClaimSpec({ devices }: ResourceClaimSpec): void {
  for (const { exactly, firstAvailable = [] } of devices?.requests ?? []) {
    if (exactly) defaultRequest(exactly);
    for (const alternative of firstAvailable) defaultRequest(alternative);
  }
}

function defaultRequest(request: ExactDeviceRequest | DeviceSubRequest): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
  defaultTolerations(request.tolerations);
}

function defaultTolerations(tolerations: DeviceToleration[] = []): void {
  for (const toleration of tolerations) toleration.operator ||= 'Equal';
}
