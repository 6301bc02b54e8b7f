// The audit log on disk: one JSON line an event, in the order in which they came. Nothing is lost to make room: when the disk
// does not keep up, whoever writes waits. A full file is renamed, and only the newest of those are kept.
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock, Logger } from '@berth/telemetry';

/** Bytes that may wait for the disk before writers do. */
const pendingBytesMax = 1024 * 1024;

export interface AuditLogOptions {
  file: string;
  /** A file of this size is renamed and a new one begun. */
  fileBytesMax: number;
  /** Renamed files that are kept. */
  backupsMax: number;
  clock: Clock;
  logger: Logger;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  #handle: FileHandle;
  #fileBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;

  private constructor(options: AuditLogOptions, handle: FileHandle, fileBytes: number) {
    this.#options = options;
    this.#handle = handle;
    this.#fileBytes = fileBytes;
  }

  /** Goes on where an older log ended. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    await mkdir(dirname(options.file), { recursive: true, mode: 0o700 });
    const handle = await open(options.file, 'a', 0o600);
    return new AuditLog(options, handle, (await handle.stat()).size);
  }

  /** Undefined unless the caller must wait for the disk. */
  write(event: object): Promise<void> | undefined {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    this.#writing ??= this.#drain();
    return this.#pendingBytes > pendingBytesMax ? this.#writing : undefined;
  }

  /** After everything is written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = Buffer.concat(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
      try {
        await this.#rotateBefore(batch.length);
        await this.#handle.appendFile(batch);
        this.#fileBytes += batch.length;
      } catch (error) {
        this.#options.logger.error('audit events could not be written', { error, file: this.#options.file, bytes: batch.length });
      }
    }
    this.#writing = undefined;
  }

  async #rotateBefore(bytes: number): Promise<void> {
    const { file, fileBytesMax, backupsMax, clock } = this.#options;
    if (this.#fileBytes === 0 || this.#fileBytes + bytes <= fileBytesMax) return;
    const stamp = new Date(clock.now()).toISOString().replaceAll(':', '-');
    await rename(file, `${file}.${stamp}`);
    const next = await open(file, 'a', 0o600);
    await this.#handle.close();
    this.#handle = next;
    this.#fileBytes = 0;
    const prefix = `${basename(file)}.`;
    const backups = (await readdir(dirname(file))).filter((name) => name.startsWith(prefix)).sort();
    for (const name of backups.slice(0, -backupsMax)) await rm(join(dirname(file), name));
  }
}
