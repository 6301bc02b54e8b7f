// Where CSI volumes are on a node, as the kubelet lays them out, and what is noted there of each before its driver is asked for anything: so a volume
// that an agent began with and then died is known to the next one, with all that its driver has to be asked to undo.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CsiVolume, csiAttachmentName } from '@berth/api';
import type { KubeletFolder } from './kubelet-folder.ts';

const pluginFolder = 'kubernetes.io~csi';
const noteFile = 'vol_data.json';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A volume as a pod has it. */
export interface Publication extends CsiVolume {
  podUid: string;
  /** The PersistentVolume's name; of an inline volume, the pod's own name for it. */
  specName: string;
  isBlock: boolean;
  isEphemeral: boolean;
  /** Whether the control plane attaches it. */
  isAttachable: boolean;
}

export interface Staging extends CsiVolume {
  specName: string;
  isBlock: boolean;
  isAttachable: boolean;
}

export class CsiPlaces {
  readonly folder: KubeletFolder;
  readonly #nodeName: string;

  constructor(folder: KubeletFolder, nodeName: string) {
    this.folder = folder;
    this.#nodeName = nodeName;
  }

  /** What the driver is to make: a mount, or a block device's file. */
  target({ podUid, specName, isBlock }: Pick<Publication, 'podUid' | 'specName' | 'isBlock'>): string {
    return isBlock ? join(this.#blockDirectory, 'publish', specName, podUid) : join(this.#podVolume(podUid, specName), 'mount');
  }

  staging({ driver, handle, specName, isBlock }: Omit<Staging, 'isAttachable'>): string {
    if (isBlock) return join(this.#blockDirectory, 'staging', specName);
    return join(this.folder.plugins, 'kubernetes.io/csi', driver, sha256(handle), 'globalmount');
  }

  async notePublication(publication: Publication): Promise<void> {
    const { podUid, specName, isBlock, isEphemeral } = publication;
    await writeNote(isBlock ? this.#podDevice(podUid, specName) : this.#podVolume(podUid, specName), {
      ...this.#common(publication),
      volumeLifecycleMode: isEphemeral ? 'Ephemeral' : 'Persistent',
    });
    await mkdir(dirname(this.target(publication)), { recursive: true, mode: 0o750 });
  }

  /** Also makes the folder. */
  async noteStaging(staging: Staging): Promise<void> {
    await writeNote(this.#stagingNote(staging), this.#common(staging));
    await mkdir(this.staging(staging), { recursive: true, mode: 0o750 });
  }

  async forgetPublication(publication: Publication): Promise<void> {
    const { podUid, specName, isBlock } = publication;
    await rm(isBlock ? this.#podDevice(podUid, specName) : this.#podVolume(podUid, specName), { recursive: true, force: true });
    if (isBlock) await removeIfEmpty(dirname(this.target(publication)));
  }

  async forgetStaging(staging: Staging): Promise<void> {
    await rm(join(this.#stagingNote(staging), noteFile), { force: true });
    await removeIfEmpty(this.#stagingNote(staging));
  }

  async publicationsOf(podUid: string): Promise<Publication[]> {
    const kinds = [
      { folder: join(this.folder.pods, podUid, 'volumes', pluginFolder), isBlock: false },
      { folder: join(this.folder.pods, podUid, 'volumeDevices', pluginFolder), isBlock: true },
    ];
    const found: Publication[] = [];
    for (const { folder, isBlock } of kinds) {
      for (const note of await notesIn(folder)) {
        found.push({ ...identityOf(note), podUid, isBlock, isEphemeral: note.volumeLifecycleMode === 'Ephemeral' });
      }
    }
    return found;
  }

  /** Of all pods. */
  async publications(): Promise<Publication[]> {
    return (await Promise.all((await entries(this.folder.pods)).map((uid) => this.publicationsOf(uid)))).flat();
  }

  async stagings(): Promise<Staging[]> {
    const drivers = join(this.folder.plugins, 'kubernetes.io/csi');
    const found: Staging[] = [];
    for (const driver of await entries(drivers)) {
      const isBlock = driver === 'volumeDevices';
      for (const note of await notesIn(isBlock ? join(this.#blockDirectory, 'data') : join(drivers, driver))) {
        found.push({ ...identityOf(note), isBlock });
      }
    }
    return found;
  }

  #common({ driver, handle, specName, isAttachable }: Pick<Publication, 'driver' | 'handle' | 'specName' | 'isAttachable'>): Note {
    return {
      ...{ specVolID: specName, volumeHandle: handle, driverName: driver, nodeName: this.#nodeName },
      attachmentID: isAttachable ? attachmentName({ driver, handle }, this.#nodeName) : '',
    };
  }

  #stagingNote(staging: Omit<Staging, 'isAttachable'>): string {
    return staging.isBlock ? join(this.#blockDirectory, 'data', staging.specName) : dirname(this.staging(staging));
  }

  get #blockDirectory(): string {
    return join(this.folder.plugins, 'kubernetes.io/csi/volumeDevices');
  }

  #podVolume(podUid: string, specName: string): string {
    return join(this.folder.pods, podUid, 'volumes', pluginFolder, specName);
  }

  #podDevice(podUid: string, specName: string): string {
    return join(this.folder.pods, podUid, 'volumeDevices', pluginFolder, specName);
  }
}

/** Of the VolumeAttachment, as Kubernetes' controllers name it. */
export function attachmentName(volume: CsiVolume, nodeName: string): string {
  return csiAttachmentName(volume, nodeName, sha256);
}

/** Of an inline volume, which lives with its pod. */
export function ephemeralHandle(podUid: string, volume: string): string {
  return `csi-${sha256(`${podUid}${volume}`)}`;
}

type Note = Record<'specVolID' | 'volumeHandle' | 'driverName' | 'nodeName' | 'attachmentID', string> & { volumeLifecycleMode?: string };

function identityOf({ driverName, volumeHandle, specVolID, attachmentID }: Note) {
  return { driver: driverName, handle: volumeHandle, specName: specVolID, isAttachable: attachmentID !== '' };
}

/** There as a whole or not at all. */
async function writeNote(folder: string, note: Note): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const path = join(folder, noteFile);
  await writeFile(`${path}.new`, JSON.stringify(note), { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

async function notesIn(folder: string): Promise<Note[]> {
  const notes = await Promise.all((await entries(folder)).map((name) => readNote(join(folder, name, noteFile))));
  return notes.filter((note) => note !== undefined);
}

async function readNote(path: string): Promise<Note | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Note);
}

async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    return [];
  });
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY') throw error;
  });
}
