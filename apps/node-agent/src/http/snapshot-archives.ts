// `/snapshots/FILE/archive`: what a snapshot holds as a tar archive, or, with POST, a snapshot out of one. Made for `berth volume backup`
// and `restore`. An answer that breaks off is no archive: its end is missing.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { StatusError } from '@berth/machinery';
import type { VolumeManager } from '../volumes/volume-manager.ts';

const bytesMax = 2 ** 50;

export async function serveSnapshotArchive(
  volumes: Pick<VolumeManager, 'readSnapshot' | 'writeSnapshot'>,
  [file = '', word = '']: string[],
  query: URLSearchParams,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  if (word !== 'archive') throw new StatusError(404, 'NotFound', '404 page not found');
  if (request.method !== 'POST') return read(volumes, file, response);
  const [bytes, sha256] = [Number(query.get('bytes')), query.get('sha256') ?? ''];
  if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes > bytesMax) throw StatusError.badRequest('bytes: say how large the volume is');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw StatusError.badRequest('sha256: give the checksum of the archive in hexadecimal digits');
  await volumes.writeSnapshot(file, request, { bytes, sha256 }).catch((error: Error) => {
    throw new StatusError(422, 'Invalid', error.message);
  });
  response.writeHead(201, { 'content-length': 0 }).end();
}

async function read(volumes: Pick<VolumeManager, 'readSnapshot'>, file: string, response: ServerResponse): Promise<void> {
  try {
    await volumes.readSnapshot(file, async (archive) => {
      response.writeHead(200, { 'content-type': 'application/x-tar' });
      await pipeline(archive, response, { end: false });
    });
    response.end();
  } catch (error) {
    if (!response.headersSent) throw new StatusError(404, 'NotFound', (error as Error).message);
    response.destroy(error as Error);
  }
}
