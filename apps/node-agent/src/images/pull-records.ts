// What is known about how images came to this node: which pulls are under way, and with whose credentials each image was pulled. Kept
// on disk, so that a restart does not make a private image public; credentials themselves are never written.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretCoordinates } from './keyring.ts';

export interface RecordedSecret extends SecretCoordinates {
  credentialHash: string;
}

export interface RecordedCredentials {
  /** Whoever runs on this node may use the image. */
  nodePodsAccessible?: boolean;
  kubernetesSecrets?: RecordedSecret[];
}

export interface PulledRecord {
  imageRef: string;
  /** RFC 3339 */
  lastUpdatedTime: string;
  /** By the image's name, without tag and digest. */
  credentialMapping: Record<string, RecordedCredentials>;
}

export interface PullRecords {
  /** Images whose pulls have begun, and may have ended without a record. */
  intents(): Promise<string[]>;
  hasIntent(image: string): Promise<boolean>;
  addIntent(image: string): Promise<void>;
  removeIntent(image: string): Promise<void>;
  /** @throws Error when there is one and it cannot be read */
  get(imageRef: string): Promise<PulledRecord | undefined>;
  put(record: PulledRecord): Promise<void>;
  all(): Promise<PulledRecord[]>;
  remove(imageRef: string): Promise<void>;
}

const apiVersion = 'kubelet.config.k8s.io/v1beta1';

/** In the kubelet's files: one an image, named after its hash. */
export class FilePullRecords implements PullRecords {
  readonly #pulling: string;
  readonly #pulled: string;

  constructor(directory: string) {
    this.#pulling = join(directory, 'pulling');
    this.#pulled = join(directory, 'pulled');
  }

  async intents(): Promise<string[]> {
    return (await readAll(this.#pulling)).flatMap(({ image }) => (typeof image === 'string' ? [image] : []));
  }

  async hasIntent(image: string): Promise<boolean> {
    return (await readRecord(fileOf(this.#pulling, image))) !== undefined;
  }

  addIntent(image: string): Promise<void> {
    return writeRecord(this.#pulling, image, { kind: 'ImagePullIntent', apiVersion, image });
  }

  removeIntent(image: string): Promise<void> {
    return rm(fileOf(this.#pulling, image), { force: true });
  }

  async get(imageRef: string): Promise<PulledRecord | undefined> {
    const found = await readRecord(fileOf(this.#pulled, imageRef));
    return found && pulledRecord(found);
  }

  put(record: PulledRecord): Promise<void> {
    return writeRecord(this.#pulled, record.imageRef, { kind: 'ImagePulledRecord', apiVersion, ...record });
  }

  async all(): Promise<PulledRecord[]> {
    return (await readAll(this.#pulled)).map(pulledRecord);
  }

  remove(imageRef: string): Promise<void> {
    return rm(fileOf(this.#pulled, imageRef), { force: true });
  }
}

/** Of simulated nodes. */
export class SimulatedPullRecords implements PullRecords {
  readonly #intents = new Set<string>();
  readonly #records = new Map<string, PulledRecord>();

  async intents(): Promise<string[]> {
    return [...this.#intents];
  }

  async hasIntent(image: string): Promise<boolean> {
    return this.#intents.has(image);
  }

  async addIntent(image: string): Promise<void> {
    this.#intents.add(image);
  }

  async removeIntent(image: string): Promise<void> {
    this.#intents.delete(image);
  }

  async get(imageRef: string): Promise<PulledRecord | undefined> {
    return this.#records.get(imageRef);
  }

  async put(record: PulledRecord): Promise<void> {
    this.#records.set(record.imageRef, record);
  }

  async all(): Promise<PulledRecord[]> {
    return [...this.#records.values()];
  }

  async remove(imageRef: string): Promise<void> {
    this.#records.delete(imageRef);
  }
}

function fileOf(directory: string, name: string): string {
  return join(directory, `sha256-${createHash('sha256').update(name).digest('hex')}`);
}

const isRecord = (name: string) => /^sha256-[0-9a-f]{64}$/.test(name);

async function readRecord(path: string): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${path} is no record of a pull: ${(error as Error).message}`, { cause: error });
  }
}

async function readAll(directory: string): Promise<Record<string, unknown>[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const read = names.filter(isRecord).map((name) =>
    // One that cannot be read is not forgotten: whoever asks for its image has to show credentials.
    readRecord(join(directory, name)).catch(() => undefined),
  );
  return (await Promise.all(read)).filter((record) => record !== undefined);
}

function pulledRecord({ imageRef, lastUpdatedTime, credentialMapping }: Record<string, unknown>): PulledRecord {
  return {
    imageRef: String(imageRef),
    lastUpdatedTime: String(lastUpdatedTime),
    credentialMapping: (credentialMapping ?? {}) as PulledRecord['credentialMapping'],
  };
}

/** On disk once it resolves, as a whole. */
async function writeRecord(directory: string, name: string, content: object): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = fileOf(directory, name);
  const file = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(content));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}
