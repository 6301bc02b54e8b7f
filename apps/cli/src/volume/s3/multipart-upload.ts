// An object of any length as parts, each of which the store checks by its SHA-256. One part is in memory at a time; parts grow with their number,
// since there may be 10,000. The object is there once all are, and nothing is when it breaks off.
import { type S3Bucket, S3Error } from './s3-bucket.ts';
import { elements, escapedText, text } from './xml.ts';

/** A store's least is 5 MiB, but for the last. */
const partBytesMin = 16 * 2 ** 20;
const partBytesMax = 256 * 2 ** 20;
/** So many parts of a size, then twice the size: 1.2 TB in all. */
const partsOfSize = 2000;

export interface UploadOptions {
  /** Absent: as above. */
  partBytes?: number;
}

/** @throws S3Error, or what reading throws: then nothing is left */
export async function upload(
  bucket: S3Bucket,
  key: string,
  data: AsyncIterable<Uint8Array>,
  { partBytes = partBytesMin }: UploadOptions = {},
): Promise<void> {
  const begun = await bucket.ask({ method: 'POST', key, query: { uploads: '' } });
  const uploadId = text(begun.body, 'UploadId');
  if (uploadId === undefined) throw new Error(`the store answers to the upload of ${key} what S3 does not`);
  try {
    const tags: string[] = [];
    for await (const part of partsOf(data, partBytes)) {
      const query = { partNumber: String(tags.length + 1), uploadId };
      const { headers } = await bucket.ask({ method: 'PUT', key, query, body: part });
      tags.push(String(headers.etag));
    }
    await complete(bucket, key, uploadId, tags);
  } catch (error) {
    // What went wrong first says more; an upload that cannot be given up now is once it is a day old.
    await abort(bucket, key, uploadId).catch(() => undefined);
    throw error;
  }
}

async function complete(bucket: S3Bucket, key: string, uploadId: string, tags: string[]): Promise<void> {
  const parts = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapedText(tag)}</ETag></Part>`);
  const xml = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`;
  const { body } = await bucket.ask({ method: 'POST', key, query: { uploadId }, body: Buffer.from(xml) });
  // It may begin with success and end otherwise.
  const [failure] = elements(body, 'Error');
  if (failure !== undefined) throw new S3Error(`${key}: ${text(failure, 'Message')}`, text(failure, 'Code') ?? '', 500);
}

/** What was sent takes room until then. @throws S3Error, also where it was completed or given up by somebody else */
export async function abort(bucket: S3Bucket, key: string, uploadId: string): Promise<void> {
  await bucket.ask({ method: 'DELETE', key, query: { uploadId } });
}

/** Each as large as it may be, the last aside; at least one. */
export async function* partsOf(data: AsyncIterable<Uint8Array>, least: number): AsyncGenerator<Buffer> {
  let count = 0;
  const size = () => Math.min(partBytesMax, least * 2 ** Math.floor(count / partsOfSize));
  let [pieces, bytes] = [[] as Uint8Array[], 0];
  for await (const chunk of data) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + size() - bytes);
      pieces.push(piece);
      bytes += piece.length;
      at += piece.length;
      if (bytes < size()) continue;
      yield Buffer.concat(pieces);
      count++;
      [pieces, bytes] = [[], 0];
    }
  }
  if (bytes > 0 || count === 0) yield Buffer.concat(pieces);
}
