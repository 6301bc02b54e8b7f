// Holds a decoded object against its schema: wrong types are errors, unknown fields are left out and named.
// The result shares nothing with the input, has no nulls and no empty values where they say nothing, and has times and quantities
// in canonical form, as it would come out of Go.

import { embeddedName } from './embedded-names.ts';
import { noteGivenEmpty } from './given-empty.ts';
import { goJsonName } from './go-text.ts';
import { canonicalTime } from './go-time.ts';
import { deepClone, isRecord } from './json.ts';
import type { FieldError } from './kind.ts';
import { parseQuantity } from './quantity.ts';
import { base64OfBytes, isByte, scalarFits, zero } from './scalar-values.ts';
import type { FieldSchema, MessageSchema, ScalarType, TypeSchema } from './schema.ts';

/** A value of a wrong type; `detail` reads like Go's json errors. */
export interface TypeProblem extends FieldError {
  /** What Go makes of the type without its name: `string`, `slice`, `map`, `struct`, or a type that decodes itself. */
  base: string;
  /** Whether Go stops decoding here: types that decode themselves end it, of others it goes on to the next. */
  stops: boolean;
}

export interface CheckedObject {
  value: Record<string, unknown>;
  errors: TypeProblem[];
  /** Paths of fields that the schema does not have. */
  unknown: string[];
}

const unknownFieldsMax = 100;

export interface CheckOptions {
  /**
   * For what is applied: empty values and nulls are wanted by their author, values keep their spelling, and whether texts and numbers
   * can be read is seen once they are part of an object.
   */
  asApplied?: boolean;
  /** In which order members are looked at, for the error that comes first; otherwise as they are. */
  order?: 'sorted' | 'schema';
}

export function checkTypes(message: MessageSchema, value: unknown, options: CheckOptions = {}): CheckedObject {
  const checker = new Checker(options);
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
  readonly errors: TypeProblem[] = [];
  readonly unknown: string[] = [];
  readonly #asApplied: boolean;
  readonly #order: CheckOptions['order'];
  /** How many values that may be one thing or another are being looked into. */
  #alternatives = 0;

  constructor({ asApplied = false, order }: CheckOptions) {
    this.#asApplied = asApplied;
    this.#order = order;
  }

  message(message: MessageSchema, value: unknown, place: Place): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    if (!isRecord(value)) {
      this.#mismatch(value, place, typeName(message.name), 'struct');
      return copy;
    }
    const struct = message.name.slice(message.name.lastIndexOf('.') + 1);
    for (const name of this.#names(message, value)) {
      const inner = value[name];
      const field = message.byName.get(name);
      if (!field) {
        // Go decodes what may be one thing or another without being strict.
        if (this.#alternatives === 0 && this.unknown.length < unknownFieldsMax) this.unknown.push(dotted(place.path, name));
      } else if (isPlainScalar(field.schema, inner)) {
        // Most fields are this: where they stand is of no interest then.
        if (this.#asApplied || inner || !isLeftOut(field)) copy[name] = inner;
      } else if (inner !== null && inner !== undefined) {
        const inside = { path: dotted(place.path, name), struct, fields: dotted(place.fields, embeddedName(message, name)) };
        const kept = this.#value(field.schema, inner, inside, field.goType);
        if (isResourceList(message, field) && !this.#asApplied) roundUp(kept as Record<string, unknown>);
        const isNothing = isEmpty(kept);
        if (kept !== null && (this.#asApplied || !isNothing || !isLeftOut(field))) copy[name] = kept;
        if (isNothing && (field.schema.kind === 'list' || field.schema.kind === 'map')) noteGivenEmpty(copy, name);
      } else if (inner === null && this.#asApplied) {
        copy[name] = null;
      }
    }
    if (!this.#asApplied) addStructs(message, copy);
    return copy;
  }

  #names(message: MessageSchema, value: Record<string, unknown>): string[] {
    const names = Object.keys(value);
    if (this.#order === 'sorted') return names.sort();
    if (this.#order !== 'schema') return names;
    const declared = [...message.byName.keys()];
    return names.sort((a, b) => declared.indexOf(a) - declared.indexOf(b));
  }

  /** @param named what Go calls the type, where it has a name */
  #value(schema: TypeSchema, value: unknown, place: Place, named?: string): unknown {
    switch (schema.kind) {
      case 'message':
        return this.message(schema.message, value, place);
      case 'list':
        if (Array.isArray(value))
          return value.map((item, i) => this.#item(schema.of, item, { ...place, path: `${place.path}[${i}]` }, elementName(named)));
        this.#mismatch(value, place, named ?? `[]${goName(schema.of)}`, 'slice');
        return [];
      case 'map': {
        if (!isRecord(value)) {
          this.#mismatch(value, place, named ?? `map[string]${goName(schema.of)}`, 'map');
          return {};
        }
        const copy: Record<string, unknown> = {};
        for (const key of this.#order === 'sorted' ? Object.keys(value).sort() : Object.keys(value))
          copy[key] = this.#item(schema.of, value[key], { ...place, path: dotted(place.path, key) }, elementName(named));
        return copy;
      }
      default:
        if (schema.alternatives) return this.#alternative(schema.alternatives, value, place);
        return this.#scalar(schema.scalar, value, place, named);
    }
  }

  /** Where a bool is among them, nothing else will do; elsewhere what fits none of them counts as absent. */
  #alternative(alternatives: TypeSchema[], value: unknown, place: Place): unknown {
    const schema = alternatives.find((alternative) => isOfShape(alternative, value));
    if (schema) {
      this.#alternatives++;
      const kept = this.#value(schema, value, place);
      this.#alternatives--;
      return Array.isArray(kept) && kept.length === 0 ? null : kept;
    }
    if (alternatives.some((alternative) => alternative.kind === 'scalar')) {
      const detail = 'boolean or JSON schema expected';
      this.errors.push({ type: 'TypeInvalid', field: place.path, value, detail, base: 'JSON', stops: true });
    }
    return null;
  }

  /** An element of a list or a map: Go takes null for the zero value. */
  #item(schema: TypeSchema, item: unknown, place: Place, named: string | undefined): unknown {
    return item === null ? zero(schema) : this.#value(schema, item, place, named);
  }

  #scalar(scalar: ScalarType, value: unknown, place: Place, named: string | undefined): unknown {
    if (this.#asApplied && isTyped(scalar, value)) return value;
    if (scalar === 'bytes' && Array.isArray(value)) {
      for (const item of value) if (!isByte(item)) this.#mismatch(item, place, 'uint8', 'uint8');
      return base64OfBytes(value);
    }
    const fits = scalarFits(scalar, value);
    if (fits === false) this.#mismatch(value, place, named ?? goScalar(scalar), baseOf(scalar));
    else if (fits !== true) {
      const stops = scalar !== 'bytes';
      this.errors.push({ type: 'TypeInvalid', field: place.path, value, detail: fits, base: baseOf(scalar), stops });
    }
    if (fits === true && (scalar === 'Time' || scalar === 'MicroTime')) return canonicalTime(scalar, value as string);
    if (fits === true && scalar === 'Quantity') return parseQuantity(String(value).trim()).toString();
    if (fits === true && scalar === 'double') return Number(value);
    return typeof value === 'object' ? deepClone(value) : value;
  }

  #mismatch(value: unknown, { path, struct, fields }: Place, wanted: string, base: string): void {
    const where = fields ? `Go struct field ${struct}.${fields}` : 'Go value';
    const detail = `json: cannot unmarshal ${jsonName(value, wanted)} into ${where} of type ${wanted}`;
    this.errors.push({ type: 'TypeInvalid', field: path, value, detail, base, stops: selfDecoding.has(base) });
  }
}

function isOfShape(schema: TypeSchema, value: unknown): boolean {
  if (schema.kind === 'scalar') return scalarFits(schema.scalar, value) === true;
  return schema.kind === 'list' ? Array.isArray(value) : isRecord(value);
}

/** Whether a value is of the type that the schema of structured merges gives it: what decodes itself is whatever scalar stands there. */
function isTyped(scalar: ScalarType, value: unknown): boolean {
  if (selfDecoding.has(scalar)) return value === null || typeof value !== 'object';
  if (scalar === 'string' || scalar === 'bytes') return typeof value === 'string';
  return numbers.has(scalar) && (typeof value === 'number' || typeof value === 'bigint');
}

const numbers = new Set<ScalarType>(['int32', 'int64', 'double']);

/** The error that Go's decoder ends with. */
export function decisiveProblem(errors: TypeProblem[]): TypeProblem | undefined {
  return errors.find(({ stops }) => stops) ?? errors[0];
}

/** Of `[]v1.Capability` and `map[string]v1.ExtraValue`; of a named list or map it is not known. */
function elementName(named: string | undefined): string | undefined {
  return named === undefined ? undefined : /^(?:\[\]|map\[[^\]]*\])(.+)$/.exec(named)?.[1];
}

/** Kubernetes' defaults round amounts of the core group's resources up to thousandths. */
function isResourceList(message: MessageSchema, { goType }: FieldSchema): boolean {
  return goType === 'v1.ResourceList' && message.name.startsWith('core.v1.');
}

/** Written canonically, only what is finer ends so. */
function roundUp(amounts: Record<string, unknown>): void {
  for (const name in amounts) {
    const amount = amounts[name];
    if (typeof amount === 'string' && (amount.endsWith('n') || amount.endsWith('u')))
      amounts[name] = parseQuantity(amount).roundedToMilli().toString();
  }
}

const selfDecoding = new Set(['Time', 'MicroTime', 'Duration', 'Quantity', 'IntOrString', 'JSON']);

const baseOf = (scalar: ScalarType) => (scalar === 'double' ? 'float64' : scalar);

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

/** As Go's errors call it: a number is written out only where another number would do. */
function jsonName(value: unknown, wanted: string): string {
  return (typeof value === 'number' || typeof value === 'bigint') && /^(u?int|float)\d+$/.test(wanted)
    ? `number ${value}`
    : goJsonName(value);
}

function goScalar(scalar: ScalarType): string {
  const names: Partial<Record<ScalarType, string>> = {
    double: 'float64',
    bytes: '[]uint8',
    ...{ Time: 'string', MicroTime: 'string', Duration: 'string' },
    IntOrString: 'int32',
  };
  return names[scalar] ?? scalar;
}

const structNames: Partial<Record<ScalarType, string>> = {
  Time: 'v1.Time',
  MicroTime: 'v1.MicroTime',
  Duration: 'v1.Duration',
  Quantity: 'resource.Quantity',
  IntOrString: 'intstr.IntOrString',
  RawExtension: 'runtime.RawExtension',
};

function goName(schema: TypeSchema): string {
  if (schema.kind === 'scalar') return structNames[schema.scalar] ?? goScalar(schema.scalar);
  if (schema.kind === 'message') return typeName(schema.message.name);
  return schema.kind === 'list' ? `[]${goName(schema.of)}` : `map[string]${goName(schema.of)}`;
}

/** `core.v1.PodSpec` → `v1.PodSpec`. */
const typeName = (name: string) => name.slice(name.indexOf('.') + 1);
