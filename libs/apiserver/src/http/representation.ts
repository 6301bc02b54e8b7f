// Objects, lists and watch events in the form that was asked for: as stored, as a Table, or with their metadata alone.
import {
  apiVersionOf,
  emptyObject,
  goQuoted,
  isUserDefined,
  type KindDefinition,
  type KubeObject,
  metaVersion,
  partialMetadata,
  renderTable,
  type Status,
  StatusError,
  storedKind,
  type TableOptions,
} from '@berth/machinery';
import { type EncodedList, encodedList, listMetadata } from '../core/list-encoding.ts';
import type { ServedRequest } from '../core/served-message.ts';
import { scaleKind } from '../core/subresources/scale-object.ts';
import type { Encoded, ListAnswer, WatchItem } from '../core/types.ts';
import { checkProduced, noneAccepted, notAcceptable, objectTypes } from './acceptable.ts';
import { indentedBytes, indentedJson, indentedList, wantsIndented } from './indented-json.ts';
import { type Available, type Format, negotiate, type Representation } from './media-types.ts';
import { protobufContentType, protobufEvent, protobufList, protobufObject, protobufWatchContentType } from './protobuf-answers.ts';
import { yamlBytes } from './yaml-bytes.ts';

export interface Form {
  representation: Representation;
  includeObject: 'None' | 'Metadata' | 'Object';
  /** What was asked for in its place, and is none: refused where a table is made. */
  wrongInclude?: string;
  /** Unix milliseconds. */
  now: number;
  /** Objects and lists alone: a watch has a line an event. */
  isIndented: boolean;
}

const streamNames = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const readableFormats: readonly Format[] = ['json', 'yaml'];
const everyFormat: readonly Format[] = ['json', 'yaml', 'protobuf'];

/**
 * What Kubernetes' router asks of a request before any handler sees it: that one of the types it names, whatever its parameters, is
 * given here. Kinds that users define are behind another one.
 * @throws StatusError 406
 */
export function checkAccept(kind: KindDefinition, request: ServedRequest, verb: string): void {
  const { accept } = request.headers;
  if (!accept || accept === 'application/json' || isUserDefined(kind)) return;
  checkProduced(request, verb === 'list' || verb === 'watch' ? [...objectTypes, ...streamNames] : objectTypes);
}

/** @throws StatusError 406 */
export function requestedForm(kind: KindDefinition, request: ServedRequest, query: URLSearchParams, now: number): Form {
  const { accept } = request.headers;
  const representation = !accept || accept === 'application/json' ? plainJson : negotiate(accept, availableOf(kind));
  if (!representation) throw noneAccepted(objectTypes);
  const asked = query.get('includeObject') || 'Metadata';
  const includeObject = (['None', 'Metadata', 'Object'] as const).find((known) => known === asked);
  const isIndented = representation.isPretty ?? wantsIndented(request);
  return { representation, includeObject: includeObject ?? 'Metadata', ...(!includeObject && { wrongInclude: asked }), now, isIndented };
}

const plainJson: Representation = { format: 'json' };

function availableOf(kind: KindDefinition): Available {
  // What can be neither read nor listed has no table.
  const hasTable = !kind.verbs || kind.verbs.some((verb) => verb !== 'create');
  // Objects that have no Go type have no protobuf form; their metadata has.
  const formats = isUserDefined(kind) ? readableFormats : everyFormat;
  return { formats, tables: hasTable ? readableFormats : [], converts: true, version: 'v1' };
}

/** As Go names the type of an object or list within Kubernetes. */
function goType(kind: KindDefinition, name: string): string {
  if (isUserDefined(kind)) return name === kind.listKind ? '*unstructured.UnstructuredList' : '*unstructured.Unstructured';
  const [first = ''] = kind.group.split('.');
  return `*${goPackages[kind.group] ?? first}.${name}`;
}

const goPackages: Record<string, string> = { '': 'core', 'events.k8s.io': 'core', 'internal.apiserver.k8s.io': 'apiserverinternal' };

/** Other forms have nothing that it could mean. @throws StatusError BadRequest */
function checkInclude({ representation: { as }, wrongInclude }: Form): void {
  if (wrongInclude === undefined || as !== 'Table') return;
  const problem = `includeObject: Invalid value: ${goQuoted(wrongInclude)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw StatusError.badRequest(`Unable to convert to Table as requested: ${problem}`);
}

export function contentTypeOf({ representation }: Form): string {
  if (representation.format === 'protobuf') return protobufContentType;
  return representation.format === 'yaml' ? 'application/yaml' : 'application/json';
}

export function encodeObject(target: KindDefinition, form: Form, encoded: Encoded): Uint8Array {
  const { format, as, version } = form.representation;
  if (as === undefined && format === 'protobuf') return protobufObject(encoded.object);
  if (as === undefined && format === 'json') return form.isIndented ? indentedBytes(encoded) : encoded.bytes;
  if (as === undefined) return encode(form, encoded.object);
  checkInclude(form);
  const kind = encoded.object.kind === scaleKind.kind ? scaleKind : target;
  // A Status in the place of the object has no table of this kind.
  if (encoded.object.kind !== kind.kind) return encode(form, encoded.object);
  if (as === 'PartialObjectMetadataList')
    throw notAcceptable(`you requested ${as}, but the requested object is not a list (${goType(kind, kind.kind)})`);
  if (as !== 'Table') return encode(form, partialMetadata(kind, encoded.object, version));
  const { resourceVersion } = encoded.object.metadata;
  return encode(form, renderTable(kind, [encoded.object], { ...form, version, listMeta: { resourceVersion } }));
}

export function encodeList(kind: KindDefinition, form: Form, list: ListAnswer): EncodedList {
  const { format, as } = form.representation;
  if (as === undefined && format === 'json') return form.isIndented ? indentedList(kind, list) : encodedList(kind, list);
  return inOnePiece(converted(kind, form, list));
}

function converted(kind: KindDefinition, form: Form, list: ListAnswer): Uint8Array {
  const { format, as, version } = form.representation;
  const listMeta = listMetadata(list);
  const objects = list.entries.map((entry) => entry.object);
  if (as === undefined && format === 'protobuf') return protobufList(kind, listMeta, objects);
  if (as === undefined) {
    const head = { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata: listMetadata(list, kind) };
    return encode(form, { ...head, items: isUserDefined(kind) ? objects : objects.map(withoutType) });
  }
  checkInclude(form);
  if (as === 'Table') return encode(form, renderTable(kind, objects, { ...form, version, listMeta }));
  if (as === 'PartialObjectMetadata')
    throw notAcceptable(`you requested ${as}, but the requested object is a list (${goType(kind, kind.listKind)})`);
  const items = objects.map((object) => partialMetadata(kind, object, version));
  return encode(form, { kind: 'PartialObjectMetadataList', apiVersion: metaVersion(version), metadata: listMeta, items });
}

function withoutType({ apiVersion: _apiVersion, kind: _kind, ...rest }: KubeObject): object {
  return rest;
}

function inOnePiece(bytes: Uint8Array): EncodedList {
  return { byteLength: bytes.length, pieces: [bytes] };
}

/** How a watch is written. */
export interface WatchFormat {
  contentType: string;
  /** Undefined for what cannot be shown in the form that was asked for: the watch ends there, as in Kubernetes. */
  encode(item: WatchItem): Uint8Array | undefined;
  encodeError(status: Status): Uint8Array;
}

/** @throws StatusError 406 for a format that has no streams */
export function watchFormat(kind: KindDefinition, form: Form, now: () => number): WatchFormat {
  const { format, as, version } = form.representation;
  checkInclude(form);
  if (format === 'yaml') throw noneAccepted(streamNames);
  if (as === 'PartialObjectMetadataList') {
    // An event holds no list.
    const encodeError = (status: Status) => (format === 'protobuf' ? protobufEvent('ERROR', status) : line('ERROR', status));
    const contentType = format === 'protobuf' ? protobufWatchContentType : 'application/json';
    return { contentType, encode: () => undefined, encodeError };
  }
  if (format === 'protobuf') {
    return {
      contentType: protobufWatchContentType,
      encode: ({ type, object }) => protobufEvent(type, as === undefined ? object : partialMetadata(kind, object, version)),
      encodeError: (status) => protobufEvent('ERROR', status),
    };
  }
  return { contentType: 'application/json', encode: lineEncoder(kind, form, now), encodeError: (status) => line('ERROR', status) };
}

/** Turns events into lines. Only the first Table of a watch says what its columns are. */
function lineEncoder(kind: KindDefinition, form: Form, now: () => number): (item: WatchItem) => Uint8Array {
  const { as, version } = form.representation;
  if (as === undefined) return (item) => item.line;
  if (as !== 'Table') return (item) => line(item.type, partialMetadata(kind, item.object, version));
  let columns = true;
  return (item) => {
    const options = { now: now(), includeObject: form.includeObject, columns, version };
    columns = false;
    if (item.type === 'BOOKMARK') return line('BOOKMARK', bookmarkTable(kind, item.object, options));
    const { resourceVersion } = item.object.metadata;
    return line(item.type, renderTable(kind, [item.object], { ...options, listMeta: { resourceVersion } }));
  };
}

/**
 * As in Kubernetes a row like any other, of an object that has a version alone. A Table has no annotations, so the mark that the
 * initial events are over stays on that row's object, whatever is asked to be included.
 */
function bookmarkTable(kind: KindDefinition, object: KubeObject, options: Omit<TableOptions, 'listMeta'>): unknown {
  const { resourceVersion, annotations } = object.metadata;
  // Of another version's, conversion has nothing to fill in: its columns are the stored kind's.
  const stored = storedKind(kind);
  const own = stored === kind ? object : {};
  const blank = { ...emptyObject(stored.schema), ...own, metadata: { name: '', resourceVersion } } as KubeObject;
  const table = renderTable(stored, [blank], { ...options, includeObject: 'None', listMeta: { resourceVersion } });
  const [row] = table.rows;
  if (row && options.includeObject === 'Object') row.object = object;
  else if (row && (annotations || options.includeObject === 'Metadata')) row.object = partialMetadata(kind, object, options.version);
  return table;
}

function line(type: string, object: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}

function encode({ representation: { format }, isIndented }: Form, value: object): Uint8Array {
  if (format === 'protobuf') return protobufObject(value);
  if (format === 'yaml') return yamlBytes(value);
  return isIndented ? indentedJson(value) : Buffer.from(`${JSON.stringify(value)}\n`);
}
