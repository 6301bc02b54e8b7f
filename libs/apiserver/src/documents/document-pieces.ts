// Long documents made piece by piece: with hundreds of kinds that users define they hold megabytes, and nobody else is served while all
// of one is made at once. A turn of the event loop goes by now and then in between.
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Describe, type KindDefinition, type OpenApi, openApiV3Parts } from '@berth/machinery';
import protobuf from 'protobufjs';
import { definitionAsV2, type OpenApiV2, type OpenApiV2Part, openApiV2Frame, withParts } from './openapi-v2.ts';
import { encodeDefinition, encodeFrame } from './openapi-v2-protobuf.ts';

/** Some milliseconds. */
const piecesPerTurn = 8;
const bytesPerTurn = 1_000_000;

/** Calls `work` for each, and lets others have their turn meanwhile. */
async function inTurns<T>(all: Iterable<T>, work: (one: T) => void): Promise<void> {
  let count = 0;
  for (const one of all) {
    work(one);
    if (++count % piecesPerTurn === 0) await nextTurn();
  }
}

/** The members of an object in JSON, without its braces. */
function members(object: Record<string, unknown>): string {
  return JSON.stringify(object).slice(1, -1);
}

export interface Document {
  bytes: Buffer;
  hash: string;
}

/** A document of OpenAPI v3, in JSON. @param kinds all of one group and version */
export async function openApiV3Document(kinds: KindDefinition[], version: string, describe: Describe): Promise<Document> {
  const paths: string[] = [];
  const schemas: string[] = [];
  await inTurns(openApiV3Parts(kinds, describe), (part) => {
    paths.push(members(part.paths));
    schemas.push(members(part.schemas));
  });
  const filled = (texts: string[]) => texts.filter((text) => text !== '');
  const info = JSON.stringify({ openapi: '3.0.0', info: { title: 'Kubernetes', version } }).slice(0, -1);
  const pieces = [`${info},"paths":{`, ...separated(filled(paths)), '},"components":{"schemas":{', ...separated(filled(schemas)), '}}}'];
  return joined(pieces);
}

function* separated(texts: string[]): Generator<string> {
  for (const [i, text] of texts.entries()) yield i === 0 ? text : `,${text}`;
}

async function joined(pieces: Iterable<string>): Promise<Document> {
  const hash = createHash('sha256');
  const buffers: Buffer[] = [];
  let waiting = 0;
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    buffers.push(bytes);
    hash.update(bytes);
    waiting += bytes.length;
    if (waiting < bytesPerTurn) continue;
    waiting = 0;
    await nextTurn();
  }
  return { bytes: Buffer.concat(buffers), hash: hash.digest('hex').toUpperCase() };
}

/** What of a document of OpenAPI v2 has to be asked for in JSON. */
export async function openApiV2Json(kinds: readonly KindDefinition[], version: string, parts: OpenApiV2Part[]): Promise<Buffer> {
  const { definitions, ...frame } = await openApiV2Document(kinds, version, parts);
  const pieces: string[] = [];
  await inTurns(Object.entries(definitions), ([name, definition]) => pieces.push(members({ [name]: definition })));
  const { bytes } = await joined([`${JSON.stringify(frame).slice(0, -1)},"definitions":{`, ...separated(pieces), '}}']);
  return bytes;
}

/** The same in protobuf: definitions are its last field, each of them a field of theirs. */
export async function openApiV2Protobuf(kinds: readonly KindDefinition[], version: string, parts: OpenApiV2Part[]): Promise<Buffer> {
  const { definitions, ...frame } = await openApiV2Document(kinds, version, parts);
  const encoded: Uint8Array[] = [];
  await inTurns(Object.entries(definitions), ([name, definition]) => {
    const bytes = encodeDefinition(name, definition);
    encoded.push(lengthPrefixed(1, bytes.length), bytes);
  });
  const length = encoded.reduce((sum, bytes) => sum + bytes.length, 0);
  return Buffer.concat([encodeFrame(frame), lengthPrefixed(9, length), ...encoded]);
}

function lengthPrefixed(field: number, length: number): Uint8Array {
  const embedded = 2;
  return protobuf.Writer.create()
    .uint32((field << 3) | embedded)
    .uint32(length)
    .finish();
}

async function openApiV2Document(kinds: readonly KindDefinition[], version: string, parts: OpenApiV2Part[]): Promise<OpenApiV2> {
  const definitions: Record<string, OpenApi> = {};
  const custom = kinds.filter((kind) => kind.openApi);
  if (custom.length > 0)
    await inTurns(openApiV3Parts(custom), ({ schemas }) => {
      for (const [name, schema] of Object.entries(schemas)) definitions[name] = definitionAsV2(schema);
    });
  return withParts({ ...openApiV2Frame(version), definitions }, parts);
}
