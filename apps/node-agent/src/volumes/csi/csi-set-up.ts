// Asks a storage driver for a pod's volume: to stage it on the node, if it does that, and to publish it to the pod. Before each call it is noted what may
// come of it, and the note goes only when it is certain that nothing did: whatever happens meanwhile, it can be undone.
import { lstat, rmdir } from 'node:fs/promises';
import type { Pod } from '@berth/api';
import { mountsBelow } from '@berth/runtime';
import { giveToGroup } from '../ownership.ts';
import { VolumeError, type VolumeSources } from '../volume-manager.ts';
import type { NodeCapability } from './csi-driver-client.ts';
import type { CsiDriver, CsiDrivers } from './csi-drivers.ts';
import { isFinal } from './csi-error.ts';
import { attachmentName, type CsiPlaces, type Staging } from './csi-places.ts';
import { type CsiVolumeSpec, capabilityOf, givesToGroup, lifecycleProblem, volumeContext } from './csi-volume-spec.ts';

/** What is known of a volume on this node, beyond the pods that use it. */
export interface StagingState {
  staging: Staging;
  /** Its driver has said so, to this agent; else it may be staged. */
  isSure: boolean;
}

export interface SetUpPorts {
  places: CsiPlaces;
  drivers: CsiDrivers;
  nodeName: string;
  staged: Map<string, StagingState>;
}

interface SetUp {
  pod: Pod;
  spec: CsiVolumeSpec;
  sources: VolumeSources;
  driver: CsiDriver;
  can: ReadonlySet<NodeCapability>;
}

/** What failed, as the kubelet calls it. */
const operations = (isBlock: boolean) =>
  isBlock
    ? {
        stage: 'MapVolume.SetUpDevice failed',
        publish: 'MapVolume.MapPodDevice failed',
        stager: 'blockMapper.SetUpDevice',
        publisher: 'blockMapper.MapPodDevice',
      }
    : {
        stage: 'MountVolume.MountDevice failed',
        publish: 'MountVolume.SetUp failed',
        stager: 'attacher.MountDevice',
        publisher: 'mounter.SetUpAt',
      };

/** One at a time for each volume. @returns where it is on this host @throws VolumeError in the kubelet's words */
export async function setUpVolume(ports: SetUpPorts, pod: Pod, spec: CsiVolumeSpec, sources: VolumeSources): Promise<string> {
  const { stage, publish, stager, publisher } = operations(spec.isBlock);
  const driver = await failing(spec, spec.isEphemeral ? publish : stage, async () => {
    try {
      return ports.drivers.get(spec.driver);
    } catch (error) {
      const failed = spec.isEphemeral ? `${publisher} failed to get CSI client` : `${stager} failed to create newCsiDriverClient`;
      throw new Error(`kubernetes.io/csi: ${failed}: ${(error as Error).message}`, { cause: error });
    }
  });
  const can = await failing(spec, spec.isEphemeral ? publish : stage, () => driver.client.capabilities());
  const setUp = { pod, spec, sources, driver, can };
  if (!spec.isEphemeral && can.has('STAGE_UNSTAGE_VOLUME')) await failing(spec, stage, () => stageVolume(ports, setUp));
  return failing(spec, publish, () =>
    publishVolume(ports, setUp).catch((error: unknown) => {
      // Perhaps because it is not staged, whatever its driver has said: it is asked again first, which changes nothing where it is.
      const state = ports.staged.get(ports.places.staging(spec));
      if (state) state.isSure = false;
      throw error;
    }),
  );
}

async function stageVolume({ places, staged, nodeName }: SetUpPorts, setUp: SetUp): Promise<void> {
  const { spec, driver, can, sources, pod } = setUp;
  const path = places.staging(spec);
  const known = staged.get(path);
  if (known?.isSure) return;
  const secrets = secretOf(spec.secrets.stage, 'NodeStageSecretRef', sources);
  const state: StagingState = known ?? { staging: spec, isSure: false };
  await places.noteStaging(spec);
  staged.set(path, state);
  const group = can.has('VOLUME_MOUNT_GROUP') ? pod.spec.securityContext?.fsGroup : undefined;
  try {
    await driver.client.stage({
      ...{ volumeId: spec.handle, stagingTargetPath: driver.pathFor(path), volumeContext: spec.attributes, secrets },
      publishContext: publishContext(spec, sources, nodeName),
      volumeCapability: capabilityOf(spec, can, group),
    });
    state.isSure = true;
  } catch (error) {
    // What is mounted in spite of what it says has to be undone as well.
    if (!known && isFinal(error) && (await mountsBelow(path)).length === 0 && (await isGoneOrRemoved(path))) {
      staged.delete(path);
      await places.forgetStaging(spec);
    }
    throw error;
  }
}

async function publishVolume({ places, nodeName }: SetUpPorts, setUp: SetUp): Promise<string> {
  const { spec, driver, can, sources, pod } = setUp;
  const info = sources.csiDriver(spec.driver);
  const problem = lifecycleProblem(spec, info);
  if (problem) throw new Error(`kubernetes.io/csi: mounter.SetupAt failed to check volume lifecycle mode: ${problem}`);
  const secrets = secretOf(spec.secrets.publish, 'NodePublishSecretRef', sources);
  const tokens = await accountTokens(setUp);
  const isInSecrets = info?.spec.serviceAccountTokenInSecrets === true;
  const wasNoted = (await places.publicationsOf(spec.podUid)).some(
    ({ specName, isBlock }) => specName === spec.specName && isBlock === spec.isBlock,
  );
  const target = places.target(spec);
  await places.notePublication(spec);
  const fsGroup = pod.spec.securityContext?.fsGroup;
  const isDriversGroup = can.has('VOLUME_MOUNT_GROUP');
  try {
    await driver.client.publish({
      ...{ volumeId: spec.handle, targetPath: driver.pathFor(target), readonly: spec.readOnly },
      ...((can.has('STAGE_UNSTAGE_VOLUME') || spec.isBlock) &&
        !spec.isEphemeral && { stagingTargetPath: driver.pathFor(places.staging(spec)) }),
      publishContext: publishContext(spec, sources, nodeName),
      volumeCapability: capabilityOf(spec, can, isDriversGroup ? fsGroup : undefined),
      secrets: { ...secrets, ...(isInSecrets && tokens) },
      volumeContext: { ...volumeContext(spec, pod, info), ...(!isInSecrets && tokens) },
    });
  } catch (error) {
    if (!wasNoted && isFinal(error) && (await mountsBelow(target)).length === 0 && (await isGoneOrRemoved(target))) {
      await places.forgetPublication(spec);
    }
    throw error;
  }
  await checkTarget(target, spec);
  if (fsGroup !== undefined && !spec.isBlock && !isDriversGroup && givesToGroup(spec, info)) await giveToGroup(target, fsGroup);
  return target;
}

/** A driver that says that it has done it, and has not, is not believed. */
async function checkTarget(target: string, { driver, isBlock }: CsiVolumeSpec): Promise<void> {
  const found = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  const isRight = isBlock ? found?.isBlockDevice() : found?.isDirectory();
  if (!isRight)
    throw new Error(
      `driver ${driver} says that it has published the volume, but there is no ${isBlock ? 'block device' : 'folder'} at ${target}`,
    );
}

/** With what the driver asked for; none where it asked for none. */
async function accountTokens({ spec, sources }: SetUp): Promise<Record<string, string>> {
  const wanted = sources.csiDriver(spec.driver)?.spec.tokenRequests ?? [];
  if (wanted.length === 0 || spec.isBlock) return {};
  const tokens: Record<string, { token: string; expirationTimestamp: string }> = {};
  for (const { audience, expirationSeconds = 3600 } of wanted) {
    const { token, expiresAtMs } = await sources.accountToken(audience, expirationSeconds);
    tokens[audience] = { token, expirationTimestamp: `${new Date(expiresAtMs).toISOString().slice(0, 19)}Z` };
  }
  return { 'csi.storage.k8s.io/serviceAccount.tokens': JSON.stringify(tokens) };
}

function publishContext(spec: CsiVolumeSpec, sources: VolumeSources, nodeName: string): Record<string, string> {
  if (!spec.isAttachable) return {};
  return sources.volumeAttachment(attachmentName(spec, nodeName))?.status?.attachmentMetadata ?? {};
}

export function secretOf(
  place: { namespace: string; name: string } | undefined,
  field: string,
  sources: Pick<VolumeSources, 'volumeSecret'>,
): Record<string, string> {
  if (!place) return {};
  const { namespace, name } = place;
  const secret = sources.volumeSecret(namespace, name);
  if (!secret) {
    const missing = `kubernetes.io/csi: failed to find the secret ${name} in the namespace ${namespace} with error: secrets "${name}" not found`;
    throw new Error(`fetching ${field} ${namespace}/${name} failed: ${missing}`);
  }
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
}

/** Only an empty folder is removed: what a driver has put there is its own to remove. */
export async function isGoneOrRemoved(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

async function failing<T>(spec: CsiVolumeSpec, failure: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw new VolumeError(spec.specName, (error as Error).message, { failure, cause: error });
  }
}
