// What each agent is sent of storage drivers: how those of its pods' volumes are to be used, which secrets they need, and what is attached to its node.
import {
  CSIDriver,
  type CSIDriver as CsiDriver,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type TokenRequest,
  VolumeAttachment,
  volumeClaimNames,
} from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { DesiredKey } from '@berth/protocol';
import type { Subscribe } from './subscribe.ts';

export interface DriverViewPorts {
  /** One that agents are sent when they refer to it. */
  referable(object: KubeObject, gone: boolean): void;
  changed(nodeName: string): void;
}

export class DriverView {
  readonly #ports: DriverViewPorts;
  readonly #attachments = new Map<string, Map<string, VolumeAttachment>>();
  readonly #drivers = new Map<string, CsiDriver>();

  constructor(ports: DriverViewPorts) {
    this.#ports = ports;
  }

  feed(subscribe: Subscribe): void {
    subscribe(CSIDriver, (driver, gone) => {
      if (gone) this.#drivers.delete(driver.metadata.name);
      else this.#drivers.set(driver.metadata.name, driver);
      this.#ports.referable(driver, gone);
    });
    subscribe(VolumeAttachment, (attachment, gone) => this.#attachment(attachment, gone));
  }

  /** Of one node. */
  attachments(nodeName: string): Iterable<VolumeAttachment> {
    return this.#attachments.get(nodeName)?.values() ?? [];
  }

  /** That drivers of the pod's volumes ask for. @param find what is known of a kind, by namespace and name */
  tokens(pod: Pod, find: (key: DesiredKey) => KubeObject | undefined): TokenRequest[] {
    const { namespace = '' } = pod.metadata;
    const volumes = volumeClaimNames(pod).flatMap((claim) => {
      const found = find({ kind: 'PersistentVolumeClaim', namespace, name: claim }) as PersistentVolumeClaim | undefined;
      const name = found?.spec.volumeName;
      return ((name && find({ kind: 'PersistentVolume', namespace: '', name })) || []) as PersistentVolume;
    });
    return driversOf(pod, volumes).flatMap((driver) => this.#drivers.get(driver)?.spec.tokenRequests ?? []);
  }

  #attachment(attachment: VolumeAttachment, gone: boolean): void {
    const { name } = attachment.metadata;
    const { nodeName } = attachment.spec;
    const ofNode = this.#attachments.get(nodeName) ?? new Map<string, VolumeAttachment>();
    if (gone) ofNode.delete(name);
    else ofNode.set(name, attachment);
    if (ofNode.size > 0) this.#attachments.set(nodeName, ofNode);
    else this.#attachments.delete(nodeName);
    this.#ports.changed(nodeName);
  }
}

/** What a node needs to know to use a volume of a storage driver. */
export function driverReferences({ spec: { csi } }: PersistentVolume): DesiredKey[] {
  if (!csi) return [];
  const secrets = [csi.nodeStageSecretRef, csi.nodePublishSecretRef, csi.nodeExpandSecretRef].flatMap((secret) =>
    secret?.name ? [{ kind: 'Secret', namespace: secret.namespace ?? '', name: secret.name }] : [],
  );
  return [{ kind: 'CSIDriver', namespace: '', name: csi.driver }, ...secrets];
}

/** The drivers of a pod's volumes. @param volumes of its claims */
function driversOf(pod: Pod, volumes: readonly PersistentVolume[]): string[] {
  const inline = (pod.spec.volumes ?? []).flatMap(({ csi }) => csi?.driver ?? []);
  return [...inline, ...volumes.flatMap(({ spec }) => spec.csi?.driver ?? [])];
}
