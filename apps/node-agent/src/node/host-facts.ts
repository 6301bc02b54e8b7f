// What this machine is: capacity, addresses and versions, read from the operating system.
import { readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, hostname, networkInterfaces, release, totalmem } from 'node:os';

export interface HostFacts {
  hostname: string;
  cpuCores: number;
  memoryBytes: number;
  diskBytes: number;
  /** Random at each boot. */
  bootId: string;
  machineId: string;
  kernelVersion: string;
  osImage: string;
  /** As in GOARCH: amd64, arm64. */
  architecture: string;
}

/** @param dataDirectory whose file system is the node's ephemeral storage */
export function hostFacts(dataDirectory: string): HostFacts {
  const disk = statfsSync(dataDirectory);
  return {
    hostname: hostName(),
    cpuCores: cpus().length,
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    bootId: fileText('/proc/sys/kernel/random/boot_id'),
    machineId: fileText('/etc/machine-id'),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(fileText('/etc/os-release'))?.[1] ?? 'Linux',
    architecture: arch() === 'x64' ? 'amd64' : arch(),
  };
}

/** As a node is named: lower case. */
export function hostName(): string {
  return hostname().toLowerCase();
}

/** Whether the kernel confines processes by AppArmor profiles. */
export function hasAppArmor(): boolean {
  return fileText('/sys/module/apparmor/parameters/enabled').startsWith('Y');
}

/** The first IPv4 address that is not loopback, else 127.0.0.1. */
export function primaryAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return addresses.find((a) => a.family === 'IPv4' && !a.internal)?.address ?? '127.0.0.1';
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
