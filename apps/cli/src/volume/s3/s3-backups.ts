// Backups in an S3-like store: the archive first, in parts, then its facts, which make it a backup. Of one that broke off nothing stays but parts
// of a process that was killed; the next backup there gives those up once they are a day old.
import { createHash } from 'node:crypto';
import {
  archiveName,
  type Backup,
  type BackupDestination,
  type BackupFacts,
  type BackupPlace,
  manifestBytesMax,
  manifestName,
  manifestText,
  parsedManifest,
} from '../backup.ts';
import { abort, upload } from './multipart-upload.ts';
import { S3Bucket, S3Error } from './s3-bucket.ts';
import type { S3Location } from './s3-location.ts';

const abandonedAfterMs = 24 * 3600 * 1000;

/** @param location of their folder */
export function backupsInStore(location: S3Location): BackupDestination {
  const bucket = new S3Bucket(location);
  const { prefix } = location;
  return {
    place: (name) => new StoredBackup(bucket, location.bucket, `${prefix}${name}`),
    async list(begin) {
      const names: string[] = [];
      for await (const key of bucket.list(`${prefix}${begin}`)) {
        const name = key.slice(prefix.length, -`/${manifestName}`.length);
        if (key.endsWith(`/${manifestName}`) && !name.includes('/')) names.push(name);
      }
      return names;
    },
  };
}

/** @param location of the backup itself */
export function backupInStore(location: S3Location): BackupPlace {
  return new StoredBackup(new S3Bucket(location), location.bucket, location.prefix.replace(/\/$/, ''));
}

/** Of an upload that somebody else has given up meanwhile. */
function onlyUnknown(error: unknown): void {
  if (!(error instanceof S3Error) || error.statusCode !== 404) throw error;
}

class StoredBackup implements BackupPlace {
  readonly name: string;
  readonly #bucket: S3Bucket;
  readonly #archive: string;
  readonly #manifest: string;
  readonly #folder: string;

  constructor(bucket: S3Bucket, bucketName: string, path: string) {
    this.#bucket = bucket;
    this.name = `s3://${bucketName}/${path}`;
    const at = path === '' ? '' : `${path}/`;
    this.#archive = `${at}${archiveName}`;
    this.#manifest = `${at}${manifestName}`;
    this.#folder = at.slice(0, at.lastIndexOf('/', at.length - 2) + 1);
  }

  async write(facts: BackupFacts, archive: AsyncIterable<Uint8Array>): Promise<Backup> {
    if ((await this.#bucket.bytesOf(this.#manifest)) !== undefined) throw new Error(`${this.name} is there already`);
    await this.#abortAbandoned();
    const hash = createHash('sha256');
    let bytes = 0;
    const counted = async function* () {
      for await (const chunk of archive) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    };
    await upload(this.#bucket, this.#archive, counted());
    const backup: Backup = { ...facts, archive: { file: archiveName, bytes, sha256: hash.digest('hex') } };
    try {
      await this.#checkBytes(backup);
      await this.#bucket.put(this.#manifest, Buffer.from(manifestText(backup)));
    } catch (error) {
      await this.#bucket.delete(this.#archive);
      throw error;
    }
    return backup;
  }

  async facts(): Promise<Backup> {
    const bytes = await this.#bucket.bytesOf(this.#manifest);
    if (bytes === undefined) throw new Error(`${this.name} is no backup of a volume: there is no ${manifestName} in it`);
    if (bytes > manifestBytesMax) throw new Error(`${this.name} is larger than a backup's facts are`);
    const { body } = await this.#bucket.ask({ method: 'GET', key: this.#manifest });
    return parsedManifest(this.name, body);
  }

  async check(): Promise<Backup> {
    const backup = await this.facts();
    await this.#checkBytes(backup);
    return backup;
  }

  archive(): AsyncIterable<Buffer> {
    return this.#bucket.read(this.#archive);
  }

  async remove(): Promise<void> {
    await this.#bucket.delete(this.#manifest);
    await this.#bucket.delete(this.#archive);
  }

  async #checkBytes({ archive }: Backup): Promise<void> {
    const bytes = await this.#bucket.bytesOf(this.#archive);
    if (bytes !== archive.bytes)
      throw new Error(`the archive of ${this.name} has ${bytes ?? 'no'} bytes, not ${archive.bytes}: it is damaged`);
  }

  async #abortAbandoned(): Promise<void> {
    for (const { key, id, initiatedMs } of await this.#bucket.uploads(this.#folder))
      if (key.endsWith(`/${archiveName}`) && initiatedMs < Date.now() - abandonedAfterMs)
        await abort(this.#bucket, key, id).catch(onlyUnknown);
  }
}
