// Request bodies: read up to a limit, then decoded by their content type. What cannot be decoded is the client's fault.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { schemas } from '@berth/api';
import {
  checkTypes,
  decodeProtobuf,
  decodeUnknownEnvelope,
  fieldMessage,
  type MessageSchema,
  parseJsonWithDuplicates,
  StatusError,
} from '@berth/machinery';
import type { PatchKind } from '../core/patches.ts';
import type { DeleteSettings } from '../core/types.ts';
import { parseMediaType } from './media-types.ts';
import type { YamlBodies } from './yaml-body.ts';

export const bodyBytesMax = 3 * 1024 * 1024;

/** Lets a client go on that asked first whether its body is welcome; nothing is read from it before. */
export function allowBody({ request, response }: { request: IncomingMessage; response: ServerResponse }): void {
  const asks = request.httpVersion === '1.1' && /(?:^|\W)100-continue(?:$|\W)/i.test(request.headers.expect ?? '');
  if (asks && !response.headersSent) response.writeContinue();
}

/** @throws StatusError 413, or 400 when the client went away */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bodyBytesMax) return Promise.reject(tooLarge(bodyBytesMax));
  // Iterating over the request would cost three times as much.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= bodyBytesMax) return;
      request.pause();
      reject(tooLarge(bodyBytesMax));
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    // ECONNRESET is Node's word for a connection that ended before its request did.
    request.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ECONNRESET' ? cutOff() : error));
    // It may have gone while the request waited for its turn.
    if (request.destroyed) reject(cutOff());
  });
}

function cutOff(): StatusError {
  return StatusError.badRequest('the request ended before its body did');
}

function tooLarge(limitBytes: number): StatusError {
  return StatusError.tooLarge(`limit is ${limitBytes}`);
}

export interface DecodedBody {
  value: unknown;
  /** Paths of fields that a body in JSON gives more than once; decoding YAML refuses those. */
  duplicates: string[];
}

/** Where YAML is read, and who waits for it. */
export interface YamlReading {
  yaml: YamlBodies;
  signal: AbortSignal;
}

async function decodeYaml(body: Buffer, { yaml, signal }: YamlReading): Promise<DecodedBody> {
  return { value: await yaml.read(body, signal), duplicates: [] };
}

/** One object in JSON, YAML or protobuf; only YAML is waited for. @throws StatusError 400 or 415, for YAML also 413 or 429 */
export function decodeObject(contentType: string | undefined, body: Buffer, reading: YamlReading): DecodedBody | Promise<DecodedBody> {
  const { type } = parseMediaType(contentType || 'application/json');
  if (body.length === 0) throw StatusError.badRequest('the request has no body, but needs one object');
  if (type === 'application/json') return parseJsonWithDuplicates(body);
  if (type === 'application/yaml') return decodeYaml(body, reading);
  if (type === 'application/vnd.kubernetes.protobuf') return { value: decodeEnvelope(body), duplicates: [] };
  throw StatusError.unsupportedMediaType(
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}

function decodeEnvelope(body: Buffer): Record<string, unknown> {
  const { apiVersion, kind, raw } = decodeUnknownEnvelope(body);
  return { ...decodeProtobuf(messageOf(apiVersion, kind), raw), apiVersion, kind };
}

/** `apps/v1`, `Deployment` → its message. Options and Status are the same in every group. */
export function messageOf(apiVersion: string, kind: string): MessageSchema {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const [prefix] = group.split('.');
  const isMeta = (kind.endsWith('Options') || kind === 'Status') && schemas.names().includes(`meta.v1.${kind}`);
  const name = isMeta ? `meta.v1.${kind}` : `${prefix}.${version}.${kind}`;
  try {
    return schemas.message(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw StatusError.badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  }
}

const patchKinds: Record<string, PatchKind> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

const applyType = 'application/apply-patch+yaml';

export interface DecodedPatch {
  type: PatchKind | 'apply';
  patch: unknown;
  /** Paths of fields that it gives more than once. */
  duplicates: string[];
}

/** @throws StatusError 415 for content types that are no patch */
export async function decodePatch(contentType: string | undefined, body: Buffer, reading: YamlReading): Promise<DecodedPatch> {
  const { type } = parseMediaType(contentType ?? '');
  const known = patchKinds[type];
  if (known) return asPatch(known, parseJsonWithDuplicates(body, known === 'strategic' ? '' : 'error decoding patch: '));
  if (type === applyType) {
    // kubectl sends JSON, which is YAML and read far faster as what it is.
    const isJson = body.toString('utf8', 0, 100).trimStart().startsWith('{') && isParsable(body);
    return asPatch('apply', isJson ? parseJsonWithDuplicates(body) : await decodeYaml(body, reading));
  }
  throw StatusError.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${[...Object.keys(patchKinds), applyType].join(', ')}`,
  );
}

function asPatch(type: DecodedPatch['type'], { value, duplicates }: DecodedBody): DecodedPatch {
  return { type, patch: value, duplicates };
}

function isParsable(body: Buffer): boolean {
  try {
    JSON.parse(body.toString('utf8'));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** DeleteOptions in a DELETE's body. @throws StatusError 400 */
export async function decodeDeleteOptions(contentType: string | undefined, body: Buffer, reading: YamlReading): Promise<DeleteSettings> {
  const { value: decoded } = await decodeObject(contentType, body, reading);
  if (decoded === null || typeof decoded !== 'object' || Array.isArray(decoded)) {
    throw StatusError.badRequest('the body of a DELETE must be one DeleteOptions object');
  }
  const { value, errors } = checkTypes(schemas.message('meta.v1.DeleteOptions'), decoded);
  const [error] = errors;
  if (error) throw StatusError.badRequest(`DeleteOptions: ${error.field}: ${fieldMessage(error)}`);
  const { dryRun, ...options } = value as DeleteSettings & { dryRun?: unknown[] };
  const wrong = dryRun?.find((item) => item !== 'All');
  if (wrong !== undefined)
    throw StatusError.badRequest(`DeleteOptions: dryRun: Unsupported value: ${JSON.stringify(wrong)}: supported values: "All"`);
  return { ...options, dryRun: (dryRun?.length ?? 0) > 0 };
}
