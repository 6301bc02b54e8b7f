// Objects, lists and watch events in the form that was asked for: as stored, as a Table, or with their metadata alone.
import type { IncomingMessage } from 'node:http';
import {
  apiVersionOf,
  emptyObject,
  isUserDefined,
  type KindDefinition,
  type KubeObject,
  partialMetadata,
  renderTable,
  type Status,
  StatusError,
  type TableOptions,
} from '@berth/machinery';
import { stringify } from 'yaml';
import { type EncodedList, encodedList, listMetadata } from '../core/list-encoding.ts';
import { scaleKind } from '../core/subresources/scale-object.ts';
import type { Encoded, ListAnswer, WatchItem } from '../core/types.ts';
import { indentedBytes, indentedJson, indentedList, wantsIndented } from './indented-json.ts';
import { negotiate, type Representation } from './media-types.ts';
import { protobufContentType, protobufEvent, protobufList, protobufObject, protobufWatchContentType } from './protobuf-answers.ts';

export interface Form {
  representation: Representation;
  includeObject: 'None' | 'Metadata' | 'Object';
  /** Unix milliseconds. */
  now: number;
  /** Objects and lists alone: a watch has a line an event. */
  isIndented: boolean;
}

function notAcceptable(): StatusError {
  const forms = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
  return new StatusError(406, 'NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${forms.join(', ')}`, {});
}

/** @throws StatusError 406 */
export function requestedForm(kind: KindDefinition, request: IncomingMessage, query: URLSearchParams, now: number): Form {
  // What can be neither read nor listed has no table.
  const hasTable = !kind.verbs || kind.verbs.some((verb) => verb !== 'create');
  const representation = negotiate(request.headers.accept, hasTable);
  if (!representation) throw notAcceptable();
  const asked = query.get('includeObject') || 'Metadata';
  const includeObject = (['None', 'Metadata', 'Object'] as const).find((known) => known === asked);
  // Other forms have nothing that it could mean.
  if (!includeObject && representation.as === 'Table')
    throw StatusError.badRequest(
      `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`,
    );
  return { representation, includeObject: includeObject ?? 'Metadata', now, isIndented: wantsIndented(request) };
}

export function contentTypeOf({ representation }: Form): string {
  if (representation.format === 'protobuf') return protobufContentType;
  return representation.format === 'yaml' ? 'application/yaml' : 'application/json';
}

export function encodeObject(target: KindDefinition, form: Form, encoded: Encoded): Uint8Array {
  const { format, as } = form.representation;
  if (format === 'protobuf') return protobufObject(encoded.object);
  if (as === undefined && format === 'json') return form.isIndented ? indentedBytes(encoded) : encoded.bytes;
  if (as === undefined) return encode(form, encoded.object);
  const kind = encoded.object.kind === scaleKind.kind ? scaleKind : target;
  // A Status in the place of the object has no table of this kind.
  if (encoded.object.kind !== kind.kind) return encode(form, encoded.object);
  if (as !== 'Table') return encode(form, partialMetadata(kind, encoded.object));
  const { resourceVersion } = encoded.object.metadata;
  return encode(form, renderTable(kind, [encoded.object], { ...form, listMeta: { resourceVersion } }));
}

export function encodeList(kind: KindDefinition, form: Form, list: ListAnswer): EncodedList {
  const { format, as } = form.representation;
  if (as === undefined && format === 'json') return form.isIndented ? indentedList(kind, list) : encodedList(kind, list);
  return inOnePiece(converted(kind, form, list));
}

function converted(kind: KindDefinition, form: Form, list: ListAnswer): Uint8Array {
  const { format, as } = form.representation;
  const listMeta = listMetadata(list);
  const objects = list.entries.map((entry) => entry.object);
  if (format === 'protobuf') return protobufList(kind, listMeta, objects);
  if (as === undefined) {
    const head = { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata: listMetadata(list, kind) };
    return encode(form, { ...head, items: isUserDefined(kind) ? objects : objects.map(withoutType) });
  }
  if (as === 'Table') return encode(form, renderTable(kind, objects, { ...form, listMeta }));
  const items = objects.map((object) => partialMetadata(kind, object));
  return encode(form, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: listMeta, items });
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
  encode(item: WatchItem): Uint8Array;
  encodeError(status: Status): Uint8Array;
}

export function watchFormat(kind: KindDefinition, form: Form, now: () => number): WatchFormat {
  if (form.representation.format === 'protobuf') {
    return {
      contentType: protobufWatchContentType,
      encode: ({ type, object }) => protobufEvent(type, object),
      encodeError: (status) => protobufEvent('ERROR', status),
    };
  }
  return { contentType: 'application/json', encode: lineEncoder(kind, form, now), encodeError: (status) => line('ERROR', status) };
}

/** Turns events into lines. Only the first Table of a watch says what its columns are. */
function lineEncoder(kind: KindDefinition, form: Form, now: () => number): (item: WatchItem) => Uint8Array {
  const { as } = form.representation;
  if (as === undefined) return (item) => item.line;
  if (as !== 'Table') return (item) => line(item.type, partialMetadata(kind, item.object));
  let columns = true;
  return (item) => {
    const options = { now: now(), includeObject: form.includeObject, columns };
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
  const blank = { ...emptyObject(kind.schema), ...object, metadata: { name: '', resourceVersion } };
  const table = renderTable(kind, [blank], { ...options, includeObject: 'None', listMeta: { resourceVersion } });
  const [row] = table.rows;
  if (row && options.includeObject === 'Object') row.object = object;
  else if (row && (annotations || options.includeObject === 'Metadata')) row.object = partialMetadata(kind, object);
  return table;
}

function line(type: string, object: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify({ type, object })}\n`);
}

function encode({ representation, isIndented }: Form, value: unknown): Uint8Array {
  if (representation.format === 'yaml') return Buffer.from(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));
  return isIndented ? indentedJson(value) : Buffer.from(`${JSON.stringify(value)}\n`);
}
