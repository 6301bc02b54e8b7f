// The storage drivers that are registered on this node, by name, and what each says of the node: the control plane shows it as CSINode. A driver
// that registers again, as after its restart, takes the place of what it was.
import type { CSINodeDriver } from '@berth/api';
import { CsiDriverClient } from './csi-driver-client.ts';
import { type KubeletFolder, namesKubeletFolder } from './kubelet-folder.ts';

export interface CsiDriver {
  name: string;
  client: CsiDriverClient;
  /** As CSINode shows it. */
  node: CSINodeDriver;
  /** Labels of the node that say where it is for the driver. */
  topology: Record<string, string>;
  /** How it names a path of this host. */
  pathFor(hostPath: string): string;
}

export interface CsiDriversPorts {
  folder: KubeletFolder;
  /** Which drivers there are has changed. */
  changed(): void;
  callMs?: number;
}

const supportedVersion = /^v?1\.\d+\.\d+$/;

export class CsiDrivers {
  readonly #ports: CsiDriversPorts;
  readonly #drivers = new Map<string, CsiDriver>();

  constructor(ports: CsiDriversPorts) {
    this.#ports = ports;
  }

  list(): CsiDriver[] {
    return [...this.#drivers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws Error in the kubelet's words when there is none of this name now */
  get(name: string): CsiDriver {
    const driver = this.#drivers.get(name);
    if (!driver) throw new Error(`driver name ${name} not found in the list of registered CSI drivers`);
    return driver;
  }

  /** @throws Error that says why it cannot be used */
  validate(name: string, endpoint: string, versions: string[]): void {
    const problem = versionProblem(name, versions);
    if (problem) throw new Error(`validation failed for CSI Driver ${name} at endpoint ${endpoint}: ${problem}`);
  }

  /** @param endpoint of its socket, as it names it */
  async register(name: string, endpoint: string): Promise<CsiDriver> {
    const { folder, callMs } = this.#ports;
    const client = new CsiDriverClient(folder.onHost(endpoint), callMs);
    try {
      const { nodeId, maxVolumesPerNode, accessibleTopology } = await client.getInfo();
      if (!nodeId) throw new Error('error adding CSI driver node info: driverNodeID must not be empty');
      const topology = accessibleTopology?.segments ?? {};
      const topologyKeys = Object.keys(topology).sort();
      const pathFor = namesKubeletFolder(endpoint) ? (path: string) => folder.inPods(path) : (path: string) => path;
      const node = {
        ...{ name, nodeID: nodeId },
        ...(topologyKeys.length > 0 && { topologyKeys }),
        // A limit that no object can hold is none.
        ...(maxVolumesPerNode > 0 && maxVolumesPerNode < 2 ** 31 && { allocatable: { count: maxVolumesPerNode } }),
      };
      const driver: CsiDriver = { name, client, node, topology, pathFor };
      this.#drivers.get(name)?.client.close();
      this.#drivers.set(name, driver);
      this.#ports.changed();
      return driver;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Unless another has taken its name meanwhile. */
  unregister(driver: CsiDriver): void {
    driver.client.close();
    if (this.#drivers.get(driver.name) !== driver) return;
    this.#drivers.delete(driver.name);
    this.#ports.changed();
  }

  close(): void {
    for (const { client } of this.#drivers.values()) client.close();
  }
}

function versionProblem(name: string, versions: string[]): string | undefined {
  const failed = `kubernetes.io/csi: ValidatePlugin for CSI driver ${JSON.stringify(name)} failed.`;
  if (versions.length === 0) return `${failed} Plugin returned an empty list for supported versions`;
  if (versions.some((version) => supportedVersion.test(version))) return undefined;
  const text = `[${versions.map((version) => JSON.stringify(version)).join(' ')}]`;
  return `${failed} None of the versions specified ${text} are supported. err=no supported version`;
}
