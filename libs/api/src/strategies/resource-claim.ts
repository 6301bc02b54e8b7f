// What drivers say of devices goes with their allocation.
import type { ResourceClaim } from '../generated/resource-v1.types.ts';
import { deviceKey } from '../validation/devices/claim-status.ts';

export function dropDeallocatedDevices(next: ResourceClaim, old: ResourceClaim): void {
  const { status } = next;
  if (!status?.devices) return;
  const allocated = ({ status: of }: ResourceClaim) => new Set((of?.allocation?.devices?.results ?? []).map(deviceKey));
  const [before, after] = [allocated(old), allocated(next)];
  const kept = status.devices.filter((device) => !before.has(deviceKey(device)) || after.has(deviceKey(device)));
  if (kept.length > 0) status.devices = kept;
  else delete status.devices;
}
