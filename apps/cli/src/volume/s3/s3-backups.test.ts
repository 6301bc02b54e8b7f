// Backups in a store that fails, breaks off and lies: what is there is whole, and what broke off is not there. The store here keeps objects in
// memory and checks what each request says of its body, as S3 does; that signatures are right is for the tests of signature.ts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BackupFacts, backupName, prune } from '../backup.ts';
import { partsOf } from './multipart-upload.ts';
import { backupInStore, backupsInStore } from './s3-backups.ts';
import { type S3Location, s3Location } from './s3-location.ts';
import { sha256 } from './signature.ts';

interface Asked {
  request: IncomingMessage;
  response: ServerResponse;
  key: string;
  query: URLSearchParams;
  body: Buffer;
}

const objects = new Map<string, Buffer>();
const uploads = new Map<string, { key: string; initiated: string; parts: Map<number, Buffer> }>();
/** Each answers a request in the store's place, if it wants to. */
let troubles: ((asked: Asked) => boolean)[] = [];
let server: Server;
let location: S3Location;

beforeEach(async () => {
  for (const kept of [objects, uploads]) kept.clear();
  troubles = [];
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const variables = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_ENDPOINT_URL: endpoint };
  location = await s3Location('s3://bucket/of/team', {}, variables);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const url = new URL(request.url ?? '', 'http://store');
  const key = decodeURIComponent(url.pathname).replace(/^\/bucket\//, '');
  const asked = { request, response, key, query: url.searchParams, body };
  const trouble = troubles.findIndex((answers) => answers(asked));
  if (trouble >= 0) troubles.splice(trouble, 1);
  else if (request.headers['x-amz-content-sha256'] !== sha256(body)) fail(response, 400, 'XAmzContentSHA256Mismatch');
  else answer(asked);
}

function fail(response: ServerResponse, statusCode: number, code: string): true {
  response.writeHead(statusCode).end(`<Error><Code>${code}</Code><Message>said &amp; done</Message></Error>`);
  return true;
}

function answer(asked: Asked): void {
  const { request, response, key, query, body } = asked;
  const id = query.get('uploadId');
  if (id !== null) answerUpload(asked, id);
  else if (request.method === 'POST') {
    const uploadId = `upload-${uploads.size}`;
    uploads.set(uploadId, { key, initiated: new Date().toISOString(), parts: new Map() });
    response.end(`<R><UploadId>${uploadId}</UploadId></R>`);
  } else if (query.has('uploads')) {
    const found = [...uploads].filter(([, upload]) => upload.key.startsWith(query.get('prefix') ?? ''));
    const text = found.map(
      ([uploadId, upload]) =>
        `<Upload><Key>${upload.key}</Key><UploadId>${uploadId}</UploadId><Initiated>${upload.initiated}</Initiated></Upload>`,
    );
    response.end(`<R>${text.join('')}</R>`);
  } else if (query.has('list-type')) answerList(response, query);
  else if (request.method === 'PUT') {
    objects.set(key, body);
    response.end();
  } else if (request.method === 'DELETE') {
    objects.delete(key);
    response.writeHead(204).end();
  } else answerObject(asked);
}

function answerUpload({ request, response, query, body }: Asked, id: string): void {
  const upload = uploads.get(id);
  if (!upload) {
    fail(response, 404, 'NoSuchUpload');
    return;
  }
  if (request.method === 'PUT') {
    upload.parts.set(Number(query.get('partNumber')), body);
    response.writeHead(200, { etag: `"${sha256(body).slice(0, 32)}"` }).end();
    return;
  }
  uploads.delete(id);
  if (request.method === 'POST') objects.set(upload.key, Buffer.concat([...upload.parts.values()]));
  response.end('<R></R>');
}

/** Two at once, so that there are pages. */
function answerList(response: ServerResponse, query: URLSearchParams): void {
  const all = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).sort();
  const at = Number(query.get('continuation-token') ?? 0);
  const keys = all.slice(at, at + 2).map((key) => `<Contents><Key>${key}</Key></Contents>`);
  const isMore = at + 2 < all.length;
  response.end(`<R><IsTruncated>${isMore}</IsTruncated><NextContinuationToken>${at + 2}</NextContinuationToken>${keys.join('')}</R>`);
}

function answerObject({ request, response, key }: Asked): void {
  const found = objects.get(key);
  if (!found) {
    fail(response, 404, 'NoSuchKey');
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const headers = { etag: '"tag"', 'content-length': found.length - from };
  response.writeHead(from > 0 ? 206 : 200, headers).end(request.method === 'HEAD' ? undefined : found.subarray(from));
}

const facts: BackupFacts = {
  ...{ namespace: 'ns', claim: 'data', storage: '1Gi', accessModes: ['ReadWriteOnce'], bytes: 2 ** 30, fileSystem: 'ext4' },
  ...{ node: 'n1', takenAt: '2026-01-01T00:00:00.000Z' },
};
const data = async function* (...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
};
const read = async (archive: AsyncIterable<Buffer>) => {
  const pieces: Buffer[] = [];
  for await (const piece of archive) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};
const place = () => backupsInStore(location).place('one');

test('what was written is read again, also by its own address; nothing is written over it', async () => {
  const written = await place().write(facts, data('hello ', 'world'));
  expect(written.archive).toEqual({ file: 'data.tar', bytes: 11, sha256: sha256('hello world') });
  expect([...objects.keys()]).toEqual(['of/team/one/data.tar', 'of/team/one/backup.json']);
  const own = backupInStore({ ...location, prefix: 'of/team/one/' });
  expect(own.name).toBe('s3://bucket/of/team/one');
  expect(await own.check()).toMatchObject(written);
  expect(await read(own.archive())).toBe('hello world');
  await expect(place().write(facts, data('again'))).rejects.toThrow('s3://bucket/of/team/one is there already');
});

test('of an archive that breaks off nothing is left, nor of one that the store does not take', async () => {
  const breaking = async function* () {
    yield Buffer.from('half');
    throw new Error('the node went away');
  };
  await expect(place().write(facts, breaking())).rejects.toThrow('the node went away');
  troubles = [
    ({ request, response, query }) => request.method === 'PUT' && query.has('partNumber') && fail(response, 403, 'QuotaExceeded'),
  ];
  await expect(place().write(facts, data('x'))).rejects.toThrow('s3://bucket/of/team/one/data.tar: QuotaExceeded: said & done');
  troubles = [
    ({ response, query, request }) =>
      request.method === 'POST' &&
      query.has('uploadId') &&
      !!response.end('<Error><Code>InternalError</Code><Message>late</Message></Error>'),
  ];
  await expect(place().write(facts, data('x'))).rejects.toThrow('late');
  expect([objects.size, uploads.size]).toEqual([0, 0]);
  await expect(place().facts()).rejects.toThrow('there is no backup.json in it');
});

test('a store that is slow down or away for a moment is asked again, and a read goes on where it broke off', async () => {
  troubles = [
    ({ response, request }) => request.method === 'PUT' && fail(response, 503, 'SlowDown'),
    ({ response, request }) => request.method === 'POST' && !!response.destroy(),
  ];
  await place().write(facts, data('hello world'));
  troubles = [
    ({ response, request }) => {
      if (request.method !== 'GET') return false;
      response.writeHead(200, { 'content-length': 11, etag: '"tag"' });
      response.write('hello', () => response.destroy());
      return true;
    },
    ({ response, request }) =>
      request.headers.range === 'bytes=5-' && request.headers['if-match'] === '"tag"' && fail(response, 500, 'InternalError'),
  ];
  expect(await read(place().archive())).toBe('hello world');
  expect(troubles).toEqual([]);
});

test('what is shorter than it was is damaged, and is not restored', async () => {
  await place().write(facts, data('hello world'));
  objects.set('of/team/one/data.tar', Buffer.from('hello'));
  await expect(place().check()).rejects.toThrow('has 5 bytes, not 11: it is damaged');
});

test('of the backups of a claim the newest stay, over pages of listings; uploads of a dead process are given up after a day', async () => {
  const destination = backupsInStore(location);
  const write = async (day: number, claim = 'data') => {
    const of = { ...facts, claim, takenAt: `2026-01-0${day}T00:00:00.000Z` };
    await destination.place(backupName(of)).write(of, data('x'));
  };
  const [old, young] = [new Date(Date.now() - 25 * 3600 * 1000), new Date()].map((time) => time.toISOString());
  uploads.set('old', { key: 'of/team/ns-data-1/data.tar', initiated: old ?? '', parts: new Map() });
  uploads.set('young', { key: 'of/team/ns-data-2/data.tar', initiated: young ?? '', parts: new Map() });
  uploads.set('foreign', { key: 'of/team/other', initiated: old ?? '', parts: new Map() });
  for (const day of [3, 1, 2]) await write(day);
  await write(1, 'data-old');
  expect(await prune(destination, facts, 1)).toEqual(['ns-data-20260101T000000Z', 'ns-data-20260102T000000Z']);
  expect(await destination.list('ns-')).toEqual(['ns-data-20260103T000000Z', 'ns-data-old-20260101T000000Z']);
  expect([...uploads.keys()]).toEqual(['young', 'foreign']);
});

test('parts are as large as may be, and there is one of nothing', async () => {
  const sizes = async (...texts: string[]) => {
    const found: number[] = [];
    for await (const part of partsOf(data(...texts), 4)) found.push(part.length);
    return found;
  };
  expect(await sizes()).toEqual([0]);
  expect(await sizes('abc', 'defgh', 'i')).toEqual([4, 4, 1]);
  expect(await sizes('x'.repeat(4 * 2000 + 9))).toEqual([...Array.from({ length: 2000 }, () => 4), 8, 1]);
});

test.each([
  ['s3://b', {}, {}, 'is no address such as s3://BUCKET/FOLDER'],
  ['s3://bucket', {}, {}, 'the store wants to know who asks'],
  ['s3://bucket', { endpoint: 'ftp://x' }, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, '--s3-endpoint'],
  ['s3://bucket', { addressing: 'some' }, {}, '--s3-addressing'],
])('%s with %j and %j is refused', async (address, options, variables, message) => {
  await expect(s3Location(address, options, variables)).rejects.toThrow(message);
});

test('without an endpoint it is Amazon’s, with the bucket in the host’s name', async () => {
  const variables = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-west-1' };
  const found = await s3Location('s3://bucket//of///team/', {}, variables);
  expect([found.endpoint.href, found.prefix, found.isVirtualHost]).toEqual(['https://s3.eu-west-1.amazonaws.com/', 'of/team/', true]);
});
