// Requests' bodies, decoded by their content type. What cannot be decoded is the client's fault.
import { schemas } from '@berth/api';
import {
  checkTypes,
  decodeProtobuf,
  decodeUnknownEnvelope,
  fieldMessage,
  goJsonName,
  isRecord,
  isUserDefined,
  type KindDefinition,
  type MessageSchema,
  parseJsonWithDuplicates,
  StatusError,
} from '@berth/machinery';
import { noSuchKind } from '../core/body.ts';
import { anyObject, type PatchKind, UnreadablePatch } from '../core/patches.ts';
import type { DeleteSettings } from '../core/types.ts';
import { parseMediaType } from './media-types.ts';
import { wrongDryRun } from './query-options.ts';
import type { YamlBodies } from './yaml-body.ts';

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
  const type = parseMediaType(contentType || 'application/json');
  if (type === 'application/json') return parseJsonWithDuplicates(body);
  if (type === 'application/yaml') return decodeYaml(body, reading);
  if (type === 'application/vnd.kubernetes.protobuf') return { value: decodeEnvelope(body), duplicates: [] };
  throw unknownFormat(bodyTypes);
}

const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** What it is said to be is asked before whether there is any. @throws StatusError 415 */
function checkBodyType(contentType: string | undefined): void {
  const type = parseMediaType(contentType || 'application/json');
  if (type === undefined || !bodyTypes.includes(type)) throw unknownFormat(bodyTypes);
}

/** The same of a body that must be an object of a kind, which is named when it is none. */
export async function decodeWritten(
  kind: string,
  contentType: string | undefined,
  body: Buffer,
  reading: YamlReading,
): Promise<DecodedBody> {
  const unrecognized = (detail: string) =>
    StatusError.badRequest(`the object provided is unrecognized (must be of type ${kind}): ${detail} (${summaryOf(body)})`);
  checkBodyType(contentType);
  const type = parseMediaType(contentType || 'application/json');
  if (body.length === 0 && type === 'application/json') throw unrecognized(`${unreadable}unexpected end of JSON input`);
  if (body.length === 0 && type !== 'application/yaml') throw unrecognized('empty data');
  try {
    const decoded = await decodeObject(contentType, body, reading);
    if (isRecord(decoded.value)) {
      checkTypeNames(decoded.value, type === 'application/yaml');
      return decoded;
    }
    if (decoded.value === null || decoded.value === undefined) return { ...decoded, value: {} };
    throw StatusError.badRequest(noObject(decoded.value));
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400 || error.message.startsWith('no kind ')) throw error;
    throw unrecognized(error.message);
  }
}

/** @param isSorted as YAML is, once it is JSON: of several problems the first is told. @throws StatusError BadRequest */
function checkTypeNames(value: Record<string, unknown>, isSorted: boolean): void {
  const given = isSorted ? ['apiVersion', 'kind'] : Object.keys(value);
  for (const name of given) {
    if (name !== 'apiVersion' && name !== 'kind') continue;
    const member = value[name];
    if (member !== undefined && member !== null && typeof member !== 'string') throw StatusError.badRequest(noText(name, member));
    if (name === 'apiVersion' && /\/.*\//s.test(member ?? '')) throw StatusError.badRequest(`unexpected GroupVersion string: ${member}`);
  }
}

function noObject(value: unknown): string {
  return `${unreadable}json: cannot unmarshal ${goJsonName(value)} into Go value of type ${anyObject}`;
}

function noText(name: string, value: unknown): string {
  return `${unreadable}json: cannot unmarshal ${goJsonName(value)} into Go struct field .${name} of type string`;
}

const unreadable = "couldn't get version/kind; json parse error: ";
/** Bytes of a body that an error shows. */
const shownBytesMax = 30;

function summaryOf(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const head = body.subarray(0, shownBytesMax);
  return `${head[0] === 0x7b ? head.toString() : head.toString('hex')}${body.length > shownBytesMax ? ' ...' : ''}`;
}

function decodeEnvelope(body: Buffer): Record<string, unknown> {
  const { apiVersion, kind, raw } = decodeUnknownEnvelope(body);
  return { ...decodeProtobuf(messageOf(apiVersion, kind), raw), apiVersion, kind };
}

/** `apps/v1`, `Deployment` → its message. Options and Status are the same in every group. */
export function messageOf(apiVersion: string, kind: string): MessageSchema {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const [prefix] = group.split('.');
  // Discovery's kinds are of no group.
  const isMeta = /Options$|^Status$|^API(Versions|GroupList|Group|ResourceList)$/.test(kind) && schemas.names().includes(`meta.v1.${kind}`);
  const name = isMeta ? `meta.v1.${kind}` : `${prefix}.${version}.${kind}`;
  try {
    return schemas.message(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw StatusError.badRequest(noSuchKind(kind, apiVersion));
  }
}

const patchTypes: Record<string, DecodedPatch['type']> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export interface DecodedPatch {
  type: PatchKind | 'apply';
  patch: unknown;
  /** Paths of fields that it gives more than once. */
  duplicates: string[];
}

/** @throws StatusError 415 for content types that are no patch, or none of what has no Go type to merge by */
export function patchTypeOf(kind: KindDefinition, contentType = ''): DecodedPatch['type'] {
  const type = patchTypes[(contentType.split(';', 1)[0] ?? '').trim()];
  if (!isUserDefined(kind)) {
    if (!type) throw StatusError.unsupportedMediaType('415: Unsupported Media Type', {});
    return type;
  }
  if (type && type !== 'strategic') return type;
  const given = Object.keys(patchTypes).filter((name) => patchTypes[name] !== 'strategic');
  throw unknownFormat(given);
}

function unknownFormat(accepted: string[]): StatusError {
  const list = accepted.join(', ');
  return StatusError.unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${list}`);
}

export async function decodePatch(
  type: DecodedPatch['type'],
  body: Buffer,
  reading: YamlReading,
  fieldValidation?: string,
): Promise<DecodedPatch> {
  if (type !== 'apply') return readablePatch(type, body, fieldValidation);
  // kubectl sends JSON, which is YAML and read far faster as what it is.
  const isJson = body.toString('utf8', 0, 100).trimStart().startsWith('{') && isParsable(body);
  return asPatch('apply', isJson ? parseJsonWithDuplicates(body) : await decodeApplied(body, reading));
}

async function decodeApplied(body: Buffer, reading: YamlReading): Promise<DecodedBody> {
  try {
    return await decodeYaml(body, reading);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    throw StatusError.badRequest(`error decoding YAML: ${error.message}`);
  }
}

/** With the error as the patch, where there is one: it is thrown when the patch is used. */
function readablePatch(type: PatchKind, body: Buffer, fieldValidation: string | undefined): DecodedPatch {
  try {
    // Decoding it looks for unknown fields alone.
    if (type === 'merge' && fieldValidation === 'Ignore' && !isParsable(body)) throw StatusError.badRequest('Invalid JSON Patch');
    return asPatch(type, parseJsonWithDuplicates(body, type === 'strategic' ? '' : 'error decoding patch: '));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { type, patch: new UnreadablePatch(error), duplicates: [] };
  }
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
  const given = decoded === null ? {} : decoded;
  if (!isRecord(given)) throw StatusError.badRequest(noObject(given));
  const { apiVersion = 'meta.k8s.io/v1', kind = 'DeleteOptions' } = typeIn(given);
  for (const [name, value] of Object.entries({ apiVersion, kind })) {
    if (typeof value !== 'string') throw StatusError.badRequest(noText(name, value));
  }
  if (kind !== 'DeleteOptions') throw StatusError.badRequest(noSuchKind(String(kind), String(apiVersion)));
  const { value, errors } = checkTypes(schemas.message('meta.v1.DeleteOptions'), given);
  const [error] = errors;
  if (error) throw StatusError.badRequest(error.detail.startsWith('json:') ? error.detail : `${error.field}: ${fieldMessage(error)}`);
  const { dryRun, ...options } = value as DeleteSettings & { dryRun?: unknown[] };
  if (dryRun?.some((item) => item !== 'All')) throw wrongDryRun(dryRun, 'DeleteOptions');
  return { ...options, dryRun: (dryRun?.length ?? 0) > 0 };
}

/** What an object says that it is: in any case of letters, as Go's decoder reads it where nothing else is asked for. */
function typeIn(value: Record<string, unknown>): { apiVersion?: unknown; kind?: unknown } {
  const found: { apiVersion?: unknown; kind?: unknown } = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === '' || member === null) continue;
    const folded = name.toLowerCase();
    if (folded === 'kind') found.kind = member;
    else if (folded === 'apiversion') found.apiVersion = member;
  }
  return found;
}
