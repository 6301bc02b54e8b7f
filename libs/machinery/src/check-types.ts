// Holds a decoded object against its schema: wrong types are errors, unknown fields are left out and named.
// The result shares nothing with the input, has no nulls and no empty values where they say nothing, and has times and quantities
// in canonical form, as it would come out of Go.

import { isInt64 } from './exact-json.ts';
import { goJsonName } from './go-text.ts';
import { goTimeError } from './go-time.ts';
import { deepClone, isRecord } from './json.ts';
import type { FieldError } from './kind.ts';
import { isQuantity, parseQuantity } from './quantity.ts';
import type { FieldSchema, MessageSchema, ScalarType, TypeSchema } from './schema.ts';

export interface CheckedObject {
  value: Record<string, unknown>;
  /** Wrong types; `detail` reads like Go's json errors. */
  errors: FieldError[];
  /** Paths of fields that the schema does not have. */
  unknown: string[];
}

const unknownFieldsMax = 100;

export interface CheckOptions {
  /** For what an apply is about: an empty value is one that its author wants. */
  keepsEmpty?: boolean;
}

export function checkTypes(message: MessageSchema, value: unknown, { keepsEmpty = false }: CheckOptions = {}): CheckedObject {
  const checker = new Checker(keepsEmpty);
  const copy = checker.message(message, value, { path: '', struct: '', fields: '' });
  return { value: copy, errors: checker.errors, unknown: checker.unknown };
}

/** Where a value stands: for people as a path, and as Go's decoder names it, by its struct and the fields down to it. */
interface Place {
  path: string;
  struct: string;
  fields: string;
}

class Checker {
  readonly errors: FieldError[] = [];
  readonly unknown: string[] = [];
  readonly #keepsEmpty: boolean;

  constructor(keepsEmpty: boolean) {
    this.#keepsEmpty = keepsEmpty;
  }

  message(message: MessageSchema, value: unknown, place: Place): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    if (!isRecord(value)) {
      this.#mismatch(value, place, typeName(message.name));
      return copy;
    }
    const struct = message.name.slice(message.name.lastIndexOf('.') + 1);
    for (const name in value) {
      const inner = value[name];
      const field = message.byName.get(name);
      if (!field) {
        if (this.unknown.length < unknownFieldsMax) this.unknown.push(dotted(place.path, name));
      } else if (isPlainScalar(field.schema, inner)) {
        // Most fields are this: where they stand is of no interest then.
        if (this.#keepsEmpty || inner || !isLeftOut(field)) copy[name] = inner;
      } else if (inner !== null && inner !== undefined) {
        const inside = { path: dotted(place.path, name), struct, fields: dotted(place.fields, name) };
        const kept = this.#value(field.schema, inner, inside);
        if (this.#keepsEmpty || !isEmpty(kept) || !isLeftOut(field)) copy[name] = kept;
      }
    }
    if (!this.#keepsEmpty) addStructs(message, copy);
    return copy;
  }

  #value(schema: TypeSchema, value: unknown, place: Place): unknown {
    switch (schema.kind) {
      case 'message':
        return this.message(schema.message, value, place);
      case 'list':
        if (Array.isArray(value)) return value.map((item, i) => this.#item(schema.of, item, { ...place, path: `${place.path}[${i}]` }));
        this.#mismatch(value, place, `[]${goName(schema.of)}`);
        return [];
      case 'map': {
        if (!isRecord(value)) {
          this.#mismatch(value, place, `map[string]${goName(schema.of)}`);
          return {};
        }
        const copy: Record<string, unknown> = {};
        for (const [key, item] of Object.entries(value))
          copy[key] = this.#item(schema.of, item, { ...place, path: dotted(place.path, key) });
        return copy;
      }
      default:
        return this.#scalar(schema.scalar, value, place);
    }
  }

  /** An element of a list or a map: Go takes null for the zero value. */
  #item(schema: TypeSchema, item: unknown, place: Place): unknown {
    return item === null ? zero(schema) : this.#value(schema, item, place);
  }

  #scalar(scalar: ScalarType, value: unknown, place: Place): unknown {
    const fits = scalarFits(scalar, value);
    if (fits === false) this.#mismatch(value, place, goScalar(scalar));
    else if (fits !== true) this.errors.push({ type: 'TypeInvalid', field: place.path, value, detail: fits });
    if (fits === true && (scalar === 'Time' || scalar === 'MicroTime')) return canonicalTime(scalar, value as string);
    if (fits === true && scalar === 'Quantity') return parseQuantity(String(value)).toString();
    if (fits === true && scalar === 'double') return Number(value);
    return typeof value === 'object' ? deepClone(value) : value;
  }

  #mismatch(value: unknown, { path, struct, fields }: Place, wanted: string): void {
    const where = fields ? `Go struct field ${struct}.${fields}` : 'Go value';
    const detail = `json: cannot unmarshal ${jsonName(value, wanted)} into ${where} of type ${wanted}`;
    this.errors.push({ type: 'TypeInvalid', field: path, value, detail });
  }
}

const structs = new WeakMap<MessageSchema, FieldSchema[]>();

/** A struct within a struct is always there in Go, however empty. */
function addStructs(message: MessageSchema, copy: Record<string, unknown>): void {
  let fields = structs.get(message);
  if (!fields) {
    fields = [...message.byName.values()].filter(({ schema, pointer }) => schema.kind === 'message' && !pointer);
    structs.set(message, fields);
  }
  for (const { name, schema } of fields) {
    if (copy[name] !== undefined || schema.kind !== 'message') continue;
    const struct = {};
    addStructs(schema.message, struct);
    copy[name] = struct;
  }
}

/** Whether Go leaves the field out of JSON when it is zero, and so forgets whether it was there. */
function isLeftOut({ omitempty, pointer, schema }: FieldSchema): boolean {
  if (!omitempty || pointer) return false;
  return schema.kind === 'list' || schema.kind === 'map' || (schema.kind === 'scalar' && goBasics.has(schema.scalar));
}

/** The rest are structs in Go, which are never left out, or have no zero in JSON. */
const goBasics = new Set<ScalarType>(['string', 'bool', 'int32', 'int64', 'double', 'bytes']);

function isEmpty(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return !value;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

/** A scalar that fits and is taken over as it is. */
function isPlainScalar(schema: TypeSchema, value: unknown): boolean {
  if (schema.kind !== 'scalar') return false;
  if (schema.scalar === 'string') return typeof value === 'string';
  if (schema.scalar === 'bool') return typeof value === 'boolean';
  return (schema.scalar === 'int32' || schema.scalar === 'int64') && scalarFits(schema.scalar, value) === true;
}

function dotted(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}

/** True when it fits, false for a wrong JSON type, a message for a malformed value. */
function scalarFits(scalar: ScalarType, value: unknown): true | false | string {
  switch (scalar) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int32':
      return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 31;
    case 'int64':
      return isInt64(value);
    case 'double':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'bytes':
      return typeof value === 'string' && (base64Error(value) ?? true);
    case 'Time':
    case 'MicroTime':
      return typeof value === 'string' && (goTimeError(value, scalar === 'MicroTime') ?? true);
    case 'Quantity':
      return (
        (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') &&
        (isQuantity(String(value)) || `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`)
      );
    case 'IntOrString':
      return typeof value === 'string' || (Number.isInteger(value) && Math.abs(value as number) < 2 ** 31);
    case 'RawExtension':
    case 'FieldsV1':
      return isRecord(value);
    default:
      return true;
  }
}

/** Where Go's decoder stops, which leaves line ends out; undefined for base64. */
function base64Error(text: string): string | undefined {
  const compact = text.replace(/[\r\n]/g, '');
  if (compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  const outside = text.search(/[^A-Za-z0-9+/\r\n]/);
  return `illegal base64 data at input byte ${outside < 0 ? Math.floor(compact.length / 4) * 4 : outside}`;
}

const fractionPattern = /\.(\d+)(?:Z|[+-]\d\d:\d\d)$/;
const secondsLength = '2006-01-02T15:04:05'.length;

/** In UTC, as Go writes it: whole seconds, or microseconds. */
function canonicalTime(scalar: 'Time' | 'MicroTime', text: string): string {
  const isUtc = text.endsWith('Z');
  if (isUtc && scalar === 'Time' && text.length === secondsLength + 1) return text;
  const seconds = (isUtc ? text : new Date(Date.parse(text)).toISOString()).slice(0, secondsLength);
  const fraction = fractionPattern.exec(text)?.[1] ?? '';
  return scalar === 'Time' ? `${seconds}Z` : `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

function zero(schema: TypeSchema): unknown {
  if (schema.kind !== 'scalar') return schema.kind === 'list' ? [] : {};
  switch (schema.scalar) {
    case 'string':
    case 'bytes':
      return '';
    case 'bool':
      return false;
    case 'Quantity':
      return '0';
    case 'int32':
    case 'int64':
    case 'double':
    case 'IntOrString':
      return 0;
    default:
      return null;
  }
}

/** As Go's errors call it: a number is written out only where another number would do. */
function jsonName(value: unknown, wanted: string): string {
  return (typeof value === 'number' || typeof value === 'bigint') && /^(int|float)\d+$/.test(wanted)
    ? `number ${value}`
    : goJsonName(value);
}

function goScalar(scalar: ScalarType): string {
  const names: Partial<Record<ScalarType, string>> = {
    double: 'float64',
    bytes: '[]uint8',
    Time: 'v1.Time',
    MicroTime: 'v1.MicroTime',
    Quantity: 'resource.Quantity',
    IntOrString: 'intstr.IntOrString',
    RawExtension: 'runtime.RawExtension',
  };
  return names[scalar] ?? scalar;
}

function goName(schema: TypeSchema): string {
  if (schema.kind === 'scalar') return goScalar(schema.scalar);
  if (schema.kind === 'message') return typeName(schema.message.name);
  return schema.kind === 'list' ? `[]${goName(schema.of)}` : `map[string]${goName(schema.of)}`;
}

/** `core.v1.PodSpec` → `v1.PodSpec`. */
function typeName(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}
