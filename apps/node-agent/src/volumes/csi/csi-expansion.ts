// Volumes of storage drivers that have become larger: what the driver has to do on the node is asked of it with the next mount, or while a pod has the
// volume, and the control plane is told. Once for each size: an answer stands until another size is asked for.
import { parseQuantity } from '@berth/machinery';
import { status } from '@grpc/grpc-js';
import { VolumeError, type VolumeSources } from '../volume-manager.ts';
import { CsiError, isFinal } from './csi-error.ts';
import type { Growth } from './csi-growth.ts';
import { type SetUpPorts, secretOf } from './csi-set-up.ts';
import { type CsiVolumeSpec, capabilityOf } from './csi-volume-spec.ts';

const infeasible = [status.INVALID_ARGUMENT, status.OUT_OF_RANGE, status.NOT_FOUND];

/**
 * @param path where it is published @param isOnline a pod has it already
 * @returns whether it is larger @throws VolumeError in the kubelet's words, unless it never will be larger: then it is used as it is
 */
export async function expandVolume(
  { places, drivers }: Pick<SetUpPorts, 'places' | 'drivers'>,
  spec: CsiVolumeSpec & { growth: Growth },
  sources: VolumeSources,
  { path, isOnline }: { path: string; isOnline: boolean },
): Promise<boolean> {
  const { storage, claim, isElsewhere } = spec.growth;
  const client = drivers.get(spec.driver);
  const can = await client.client.capabilities();
  if (!can.has('EXPAND_VOLUME')) return false;
  if (!isElsewhere) sources.claimExpanded({ ...claim, storage, isInProgress: true });
  try {
    await client.client.expand({
      ...{ volumeId: spec.handle, volumePath: client.pathFor(path), capacityRange: { requiredBytes: parseQuantity(storage).value() } },
      ...(can.has('STAGE_UNSTAGE_VOLUME') && { stagingTargetPath: client.pathFor(places.staging(spec)) }),
      ...{ volumeCapability: capabilityOf(spec, can), secrets: secretOf(spec.secrets.expand, 'NodeExpandSecretRef', sources) },
    });
  } catch (error) {
    const detail = `Expander.NodeExpand failed to expand the volume : ${(error as Error).message}`;
    const code = error instanceof CsiError ? error.code : undefined;
    const isInfeasible = code !== undefined && infeasible.includes(code);
    if (isFinal(error)) sources.claimExpanded({ ...claim, storage, error: detail, isInfeasible });
    const failure = isOnline ? 'NodeExpandVolume.NodeExpandVolume failed' : 'MountVolume.Setup failed while expanding volume';
    const failed = new VolumeError(spec.specName, detail, {
      failure,
      reason: isOnline ? 'VolumeResizeFailed' : 'FailedMount',
      cause: error,
    });
    // Some can only while no pod has the volume.
    if (!isInfeasible && code !== status.FAILED_PRECONDITION) throw failed;
    sources.event('Warning', 'VolumeResizeFailed', failed.message);
    return false;
  }
  if (!isElsewhere) sources.claimExpanded({ ...claim, storage });
  const done = isOnline ? 'NodeExpandVolume.NodeExpandVolume succeeded' : 'MountVolume.NodeExpandVolume succeeded';
  sources.event('Normal', 'FileSystemResizeSuccessful', `${done} for volume "${spec.specName}" `);
  return true;
}
