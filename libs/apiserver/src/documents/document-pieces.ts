// Long documents made piece by piece: with hundreds of kinds that users define they hold megabytes, and nobody else is served while all
// of one is made at once. A turn of the event loop goes by now and then in between.
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { kinds, kindViews, loadDescriptions, SubjectAccessReview, schemas, TokenReview } from '@berth/api';
import {
  apiVersionOf,
  type Describe,
  type FindMessage,
  type KindDefinition,
  type OpenApi,
  type OpenApiPart,
  type Operations,
  openApiV3Operations,
  openApiV3Parts,
  securitySchemes,
} from '@berth/machinery';
import protobuf from 'protobufjs';
import { definitionAsV2, type OpenApiV2, type OpenApiV2Part, openApiV2Frame, withParts } from './openapi-v2.ts';
import { pathAsV2, SharedParameters } from './openapi-v2-paths.ts';
import { encodeDefinition, encodeFrame, encodePath } from './openapi-v2-protobuf.ts';

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

const find: FindMessage = (name) => schemas.message(name);
/** Of Kubernetes' own kinds, those that are computed and shown in other versions too. */
const known = [...kinds, ...kindViews, TokenReview, SubjectAccessReview];
export const knownVersions = [...new Map(known.map(({ group, version }) => [`${group}/${version}`, { group, version }])).values()];

/** A document of OpenAPI v3, in JSON. @param parts all of one group and version, or of one path */
async function openApiV3Of(parts: Iterable<OpenApiPart>, version: string): Promise<Document> {
  const paths: string[] = [];
  const made: string[] = [];
  await inTurns(parts, (part) => {
    paths.push(members(part.paths));
    made.push(members(part.schemas));
  });
  const filled = (texts: string[]) => texts.filter((text) => text !== '');
  const info = JSON.stringify({ openapi: '3.0.0', info: { title: 'Kubernetes', version } }).slice(0, -1);
  const head = `${info},"paths":{`;
  const hasSchemas = made.some((text) => text !== '');
  const tail = `${hasSchemas ? '},' : ''}"securitySchemes":${JSON.stringify(securitySchemes)}}}`;
  const schemas = hasSchemas ? '},"components":{"schemas":{' : '},"components":{';
  return joined([head, ...separated(filled(paths)), schemas, ...separated(filled(made)), tail]);
}

/** @param kinds all of one group and version */
export function openApiV3Document(kinds: KindDefinition[], version: string, describe: Describe): Promise<Document> {
  return openApiV3Of(openApiV3Parts(kinds, { find, describe, versions: knownVersions }), version);
}

/** Of a path that is no group's version. */
export function openApiV3PathDocument(operations: Operations, version: string, describe: Describe): Promise<Document> {
  return openApiV3Of([openApiV3Operations(operations, { find, describe, versions: knownVersions })], version);
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

/** What a document of OpenAPI v2 is made of. */
export interface OpenApiV2Source {
  kinds: readonly KindDefinition[];
  /** Paths that are no kind's. */
  operations: Operations;
  /** What other servers say. */
  parts: OpenApiV2Part[];
  version: string;
}

export async function openApiV2Json(source: OpenApiV2Source): Promise<Document> {
  const { definitions, paths, ...frame } = await openApiV2Document(source);
  const [named, placed]: [string[], string[]] = [[], []];
  await inTurns(Object.entries(definitions), ([name, definition]) => named.push(members({ [name]: definition })));
  await inTurns(Object.entries(paths), ([name, item]) => placed.push(members({ [name]: item })));
  const head = `${JSON.stringify(frame).slice(0, -1)},"paths":{`;
  return joined([head, ...separated(placed), '},"definitions":{', ...separated(named), '}}']);
}

/** The same in protobuf: definitions and paths are fields of it, each of them a field of theirs. */
export async function openApiV2Protobuf(source: OpenApiV2Source): Promise<Document> {
  const { definitions, paths, ...frame } = await openApiV2Document(source);
  const [named, placed]: [Uint8Array[], Uint8Array[]] = [[], []];
  await inTurns(Object.entries(definitions), ([name, definition]) => named.push(encodeDefinition(name, definition)));
  await inTurns(Object.entries(paths), ([name, item]) => placed.push(encodePath(name, item as OpenApi)));
  const bytes = Buffer.concat([encodeFrame(frame), ...field(8, placed, 2), ...field(9, named, 1)]);
  return { bytes, hash: createHash('sha256').update(bytes).digest('hex').toUpperCase() };
}

/** A field that holds one field again and again. */
function field(number: number, items: Uint8Array[], inner: number): Uint8Array[] {
  const pieces = items.flatMap((bytes) => [lengthPrefixed(inner, bytes.length), bytes]);
  return [
    lengthPrefixed(
      number,
      pieces.reduce((sum, { length }) => sum + length, 0),
    ),
    ...pieces,
  ];
}

function lengthPrefixed(field: number, length: number): Uint8Array {
  const embedded = 2;
  return protobuf.Writer.create()
    .uint32((field << 3) | embedded)
    .uint32(length)
    .finish();
}

async function openApiV2Document({ kinds, operations, parts, version }: OpenApiV2Source): Promise<OpenApiV2> {
  const describe = await loadDescriptions();
  const definitions: Record<string, OpenApi> = {};
  const paths: Record<string, OpenApi> = {};
  const shared = new SharedParameters();
  const own = new Set(kinds.map(({ openApi }) => openApi?.name ?? ''));
  const add = (part: OpenApiPart) => {
    for (const [name, schema] of Object.entries(part.schemas)) definitions[name] ??= definitionAsV2(schema, own.has(name));
    for (const [path, item] of Object.entries(part.paths)) paths[path] = pathAsV2(item, shared);
  };
  for (const ofVersion of Map.groupBy(kinds, apiVersionOf).values())
    await inTurns(openApiV3Parts(ofVersion, { find, describe, versions: knownVersions }), add);
  add(openApiV3Operations(operations, { find, describe, versions: knownVersions }));
  return withParts({ ...openApiV2Frame(version), parameters: shared.all, paths, definitions }, parts);
}
