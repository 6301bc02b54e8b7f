// A backup's file: lines of JSON, compressed. The first says what it is, then come keys of the store and files of the data directory, and the
// last line counts them and holds the SHA-256 of all before it, so that a file that is cut short or altered is known as such.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { isRecord } from '@berth/machinery';

export const formatVersion = 1;

/** The file cannot be used, or the place that it is for; the message is for the operator. Nothing was changed. */
export class BackupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
  }
}

export interface BackupHeader {
  format: 'berth-backup';
  formatVersion: number;
  stateVersion: number;
  /** RFC 3339. */
  createdAt: string;
  /** The newest that the store had: a restored one counts on beyond it. */
  revision: number;
  /** What objects have been given addresses and names from; a server that restores them needs the same. */
  ranges: Record<string, string>;
}

export interface BackedUpFile {
  /** Below the data directory, or `encryption-config` for the one that the server is told of. */
  path: string;
  content: Buffer;
}

export interface BackedUpKey {
  key: string;
  /** As the store holds it: what is encrypted there is encrypted here. */
  value: Uint8Array;
  /** It ends some time, with all others of the same lease. */
  lease?: string;
}

export type BackupPart = { header: BackupHeader } | { file: BackedUpFile } | { key: BackedUpKey };

/** @returns lines without their compression, as they are made */
export async function* encodeBackup(parts: AsyncIterable<BackupPart>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const counts = { files: 0, keys: 0 };
  for await (const part of parts) {
    if ('file' in part) counts.files++;
    if ('key' in part) counts.keys++;
    const line = Buffer.from(`${JSON.stringify(plain(part))}\n`);
    hash.update(line);
    yield line;
  }
  yield Buffer.from(`${JSON.stringify({ end: { ...counts, sha256: hash.digest('hex') } })}\n`);
}

/** @throws BackupError where the file is none, is newer than this build, damaged, or cut short; the end is known only once it was reached */
export async function* decodeBackup(file: string, known: { stateVersion: number }): AsyncGenerator<BackupPart> {
  const hash = createHash('sha256');
  const counts = { files: 0, keys: 0 };
  let isFirst = true;
  let hasEnded = false;
  for await (const line of linesOf(file)) {
    const value = parsed(file, line, isFirst);
    if (hasEnded) throw new BackupError(`${file} is damaged: something follows its end; use another copy`);
    if (isRecord(value.end)) {
      if (value.end.sha256 !== hash.digest('hex') || value.end.files !== counts.files || value.end.keys !== counts.keys)
        throw new BackupError(`${file} is damaged: its checksum is not that of its content; use another copy`);
      hasEnded = true;
      continue;
    }
    hash.update(`${line}\n`);
    const part = isFirst ? { header: headerOf(file, value, known) } : partOf(file, value);
    isFirst = false;
    if ('file' in part) counts.files++;
    if ('key' in part) counts.keys++;
    yield part;
  }
  if (!hasEnded) throw cutShort(file);
}

/** Reads it to its end. @throws BackupError */
export async function verifyBackup(
  file: string,
  known: { stateVersion: number },
): Promise<{ header: BackupHeader; files: number; keys: number }> {
  let header: BackupHeader | undefined;
  const counts = { files: 0, keys: 0 };
  for await (const part of decodeBackup(file, known)) {
    if ('header' in part) header = part.header;
    else if ('file' in part) counts.files++;
    else counts.keys++;
  }
  if (!header) throw cutShort(file);
  return { header, ...counts };
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file);
  const plainText = createGunzip();
  source.once('error', (error) => plainText.destroy(error));
  source.pipe(plainText).setEncoding('utf8');
  let begun = '';
  try {
    for await (const text of plainText as AsyncIterable<string>) {
      const lines = (begun + text).split('\n');
      begun = lines.pop() ?? '';
      yield* lines;
    }
    if (begun !== '') yield begun;
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  } finally {
    source.destroy();
  }
}

function unreadable(file: string, error: NodeJS.ErrnoException): Error {
  if (error instanceof BackupError) return error;
  if (error.code === 'Z_BUF_ERROR') return cutShort(file);
  if (error.code === 'Z_DATA_ERROR' && /header/.test(error.message))
    return new BackupError(`${file} is no backup of Berth`, { cause: error });
  if (error.code?.startsWith('Z_')) return new BackupError(`${file} is damaged (${error.message}); use another copy`, { cause: error });
  return new BackupError(`${file} cannot be read: ${error.message}`, { cause: error });
}

function cutShort(file: string): BackupError {
  return new BackupError(`${file} is cut short: its end is missing; use another copy`);
}

function parsed(file: string, line: string, isFirst: boolean): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value)) return value;
  } catch {
    // Said below, as of any line that is none of a backup.
  }
  throw new BackupError(isFirst ? `${file} is no backup of Berth` : `${file} is damaged: it holds a line that is none; use another copy`);
}

function headerOf(file: string, value: Record<string, unknown>, known: { stateVersion: number }): BackupHeader {
  const header = value as unknown as BackupHeader;
  if (header.format !== 'berth-backup') throw new BackupError(`${file} is no backup of Berth`);
  const newer = [
    ['form', header.formatVersion, formatVersion],
    ['state', header.stateVersion, known.stateVersion],
  ] as const;
  const found = newer.find(([, has, knows]) => !(has <= knows));
  if (found)
    throw new BackupError(
      `${file} is newer than this build: its ${found[0]} is of version ${found[1]}, and ${found[2]} is known; install the version that made it`,
    );
  return header;
}

function partOf(file: string, value: Record<string, unknown>): BackupPart {
  const { path, content, key, value: bytes, lease } = value;
  if (typeof path === 'string' && typeof content === 'string') return { file: { path, content: Buffer.from(content, 'base64') } };
  if (typeof key === 'string' && typeof bytes === 'string') {
    return { key: { key, value: new Uint8Array(Buffer.from(bytes, 'base64')), ...(typeof lease === 'string' && { lease }) } };
  }
  throw new BackupError(`${file} is damaged: it holds what is neither a key nor a file; use another copy`);
}

function plain(part: BackupPart): object {
  if ('header' in part) return part.header;
  if ('file' in part) return { path: part.file.path, content: part.file.content.toString('base64') };
  const { key, value, lease } = part.key;
  return { key, value: Buffer.from(value).toString('base64'), ...(lease !== undefined && { lease }) };
}
