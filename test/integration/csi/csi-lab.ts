// A node with storage drivers, without a cluster: the agent's own volumes over a folder of the test, and pods that ask for them until they have them.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CSIDriver, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret, Volume, VolumeAttachment } from '@berth/api';
import type { ClaimExpansion, CsiNodeReport } from '@berth/protocol';
import { mountsBelow, unmountBelow } from '@berth/runtime';
import { silentLogger, systemClock } from '@berth/telemetry';
import { CsiNode } from '../../../apps/node-agent/src/volumes/csi/csi-node.ts';
import { HostVolumes } from '../../../apps/node-agent/src/volumes/host-volumes.ts';
import { noSources } from '../../../apps/node-agent/src/volumes/testing.ts';
import { VolumeError, type VolumeSources, VolumeWait } from '../../../apps/node-agent/src/volumes/volume-manager.ts';
import { MockDriver, type MockDriverOptions } from './mock-driver.ts';

/** Far beyond what a call takes, and short enough to wait for. */
const callMs = 2_000;
export const nodeName = 'n1';

export class CsiLab {
  readonly folder: string;
  readonly drivers = new Map<string, CSIDriver>();
  readonly volumesByName = new Map<string, PersistentVolume>();
  readonly attachments = new Map<string, VolumeAttachment>();
  readonly secrets = new Map<string, Secret>();
  readonly claimStatuses = new Map<string, PersistentVolumeClaim['status']>();
  readonly claimModes = new Map<string, string[]>();
  readonly reports: CsiNodeReport[] = [];
  readonly expansions: Omit<ClaimExpansion, 'namespace'>[] = [];
  readonly events: string[] = [];
  status: Node['status'] = {};
  /** By how much it is later for the node than it is. */
  aheadMs = 0;
  csi: CsiNode;
  volumes: HostVolumes;
  /** By pod. */
  readonly #waiting = new Map<string, () => void>();
  readonly #mocks: MockDriver[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    [this.csi, this.volumes] = this.#agent();
  }

  static async open(): Promise<CsiLab> {
    const lab = new CsiLab(await mkdtemp(join(tmpdir(), 'berth-csi-')));
    await mkdir(join(lab.folder, 'drivers'));
    await lab.csi.start();
    return lab;
  }

  /** Another agent takes over. */
  async restart(): Promise<void> {
    this.csi.stop();
    [this.csi, this.volumes] = this.#agent();
    await this.csi.start();
  }

  async close(): Promise<void> {
    this.csi.stop();
    for (const mock of this.#mocks) await mock.stop();
    await unmountBelow(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Registered once it returns. */
  async driver(options: Partial<MockDriverOptions> = {}): Promise<MockDriver> {
    const mock = new MockDriver({ directory: join(this.folder, 'drivers'), registry: this.csi.folder.registry, ...options });
    this.#mocks.push(mock);
    await mock.start();
    await this.until(() => mock.statuses.length > 0, `${mock.name} to be registered`);
    return mock;
  }

  persistentVolume(
    name: string,
    csi: Partial<NonNullable<PersistentVolume['spec']['csi']>> = {},
    spec: Partial<PersistentVolume['spec']> = {},
  ): void {
    this.volumesByName.set(name, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: 'mock.example.org', volumeHandle: `handle-${name}`, ...csi },
        ...spec,
      },
    });
  }

  /** The path of each volume, once all are there. @throws the first VolumeError, unless `persists` */
  async prepare(pod: Pod, { persists = false } = {}): Promise<Map<string, string>> {
    const { uid = '' } = pod.metadata;
    for (;;) {
      const changed = new Promise<void>((resolve) => this.#waiting.set(uid, resolve));
      try {
        return await this.volumes.prepare(pod, this.sources(uid));
      } catch (error) {
        if (error instanceof VolumeWait) await changed;
        else if (!(persists && error instanceof VolumeError)) throw error;
      }
    }
  }

  /** The error that the pod's next try ends with. */
  async refusal(pod: Pod): Promise<string> {
    return this.prepare(pod).then(
      () => 'none',
      (error: Error) => error.message,
    );
  }

  /** As the agent does: until the drivers have given everything back. @returns how often it was refused */
  async release(uid: string, triesMax = 5): Promise<number> {
    for (let refused = 0; ; refused++) {
      try {
        await this.volumes.cleanUp(uid);
        return refused;
      } catch (error) {
        if (refused === triesMax) throw error;
      }
    }
  }

  /** Mounts of volumes, which the shared folders themselves are not. */
  async mounts(): Promise<string[]> {
    const own = [this.csi.folder.pods, this.csi.folder.plugins];
    return (await mountsBelow(this.folder)).filter((point) => !own.includes(point));
  }

  /** Something here or in the kernel has come to be so. */
  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const endMs = Date.now() + 20_000;
    while (!(await holds())) {
      if (Date.now() > endMs) throw new Error(`waited in vain for ${what}`);
      await systemClock.sleep(10);
    }
  }

  sources(uid: string): VolumeSources {
    return {
      ...noSources,
      claim: (name) => ({ ...claimOf(name, this.claimModes.get(name)), status: this.claimStatuses.get(name) ?? {} }),
      claimExpanded: (report) => void this.expansions.push(report),
      event: (_type, reason, message) => void this.events.push(`${reason}: ${message}`),
      persistentVolume: (name) => this.volumesByName.get(name),
      volumeSecret: (namespace, name) => this.secrets.get(`${namespace}/${name}`),
      csiDriver: (name) => this.drivers.get(name),
      volumeAttachment: (name) => this.attachments.get(name),
      node: () => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName }, spec: {}, status: this.status ?? {} }),
      accountToken: async (audience) => ({ token: `token for ${audience}`, expiresAtMs: Date.parse('2026-01-01T00:00:00Z') }),
      changed: () => this.#waiting.get(uid)?.(),
    };
  }

  #agent(): [CsiNode, HostVolumes] {
    const clock = { ...systemClock, now: () => systemClock.now() + this.aheadMs };
    const csi = new CsiNode({ dataDirectory: this.folder, nodeName, clock, logger: silentLogger, callMs });
    const link = { reportCsiNode: (report: CsiNodeReport) => void this.reports.push(report) };
    csi.follow({ link, driversChanged: () => undefined, inUseChanged: () => undefined });
    return [csi, new HostVolumes(this.folder, undefined, undefined, csi)];
  }
}

/** Each claim is bound to the volume of its name. */
function claimOf(name: string, accessModes = ['ReadWriteOnce']): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    spec: { volumeName: name, accessModes },
  };
}

/** @param volumes names of claims, or whole volumes */
export function podWith(uid: string, volumes: (string | Volume)[], spec: Partial<Pod['spec']> = {}): Pod {
  const whole = volumes.map((volume) =>
    typeof volume === 'string' ? { name: volume, persistentVolumeClaim: { claimName: volume } } : volume,
  );
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${uid}`, namespace: 'shop', uid },
    spec: { containers: [], volumes: whole, ...spec },
  };
}

export function driverObject(spec: Partial<CSIDriver['spec']> = {}, name = 'mock.example.org'): CSIDriver {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name },
    spec: { attachRequired: false, volumeLifecycleModes: ['Persistent'], ...spec },
  };
}
