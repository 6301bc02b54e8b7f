// What the control plane asks of this node's volumes and snapshots: made, made larger, taken, removed. What became of each is reported.
import type { PersistentVolume } from '@berth/api';
import type { AgentLink, DiskSnapshot } from '@berth/protocol';
import type { Logger } from '@berth/telemetry';
import type { DesiredChanges } from '../pods/desired-cache.ts';
import type { VolumeManager } from './volume-manager.ts';

interface VolumeWorkPorts {
  volumes: VolumeManager;
  link: AgentLink;
  logger: Logger;
}

export function workOnVolumes(
  { releasedVolumes, wantedVolumes, snapshots }: Pick<DesiredChanges, 'releasedVolumes' | 'wantedVolumes' | 'snapshots'>,
  ports: VolumeWorkPorts,
): void {
  const { volumes, link } = ports;
  for (const volume of releasedVolumes) report(volume, volumes.removeLocal(volume), link.reportVolumeRemoved, ports);
  for (const volume of wantedVolumes) report(volume, volumes.makeLocal(volume), link.reportVolumeMade, ports);
  for (const snapshot of snapshots) workOnSnapshot(snapshot, ports);
}

function report(
  { metadata: { name, uid = '' } }: PersistentVolume,
  done: Promise<void>,
  say: AgentLink['reportVolumeRemoved'],
  { link, logger }: VolumeWorkPorts,
): void {
  done
    .then(
      () => undefined,
      (error: Error) => error.message,
    )
    .then((failure) => say.call(link, name, uid, failure))
    .catch((error: unknown) => logger.error('what became of a volume cannot be reported', { volume: name, error }));
}

function workOnSnapshot({ metadata: { name: content, uid = '' }, spec }: DiskSnapshot, { volumes, link, logger }: VolumeWorkPorts): void {
  const type = spec.isRemoved ? 'snapshotRemoved' : 'snapshotTaken';
  const take = async () => {
    const { pauseMs, ...taken } = await volumes.takeSnapshot(spec.file, spec.volume);
    logger.info('took a snapshot', { content, pauseMs });
    return taken;
  };
  (spec.isRemoved ? volumes.removeSnapshot(spec.file) : take())
    .catch((error: Error) => ({ error: error.message }))
    .then((said) => link.reportSnapshot(type, { content, uid, ...said }))
    .catch((error: unknown) => logger.error('what became of a snapshot cannot be reported', { content, error }));
}
