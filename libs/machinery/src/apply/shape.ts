// How server-side apply divides a field: what is owned as a whole, and what is owned piece by piece. Lists without a type are
// atomic, maps and structs are granular, unless the API says otherwise.
import { isRecord } from '../json.ts';
import type { FieldSchema, MessageSchema, TypeSchema } from '../schema.ts';

export type Shape =
  | { kind: 'leaf' }
  | { kind: 'struct'; message: MessageSchema; members: Map<string, Member> }
  | { kind: 'map'; of: Shape }
  /** Scalars, each an element by its value. */
  | { kind: 'set' }
  /** Objects, each an element by the values of its keys. */
  | { kind: 'keyed'; keys: readonly ListKey[]; item: Shape };

/** A field, and the path element that it is. */
export interface Member {
  element: string;
  shape: Shape;
}

export interface ListKey {
  name: string;
  /** What a missing key means. */
  default: unknown;
}

/** Structs that the API marks structType=atomic. */
const atomicStructs = new Set([
  ...['v1', 'v1beta1'].flatMap((version) =>
    ['ParamKind', 'Variable', 'ParamRef', 'MatchResources', 'NamedRuleWithOperations'].map(
      (name) => `admissionregistration.${version}.${name}`,
    ),
  ),
  'autoscaling.v1.CrossVersionObjectReference',
  ...['SecretReference', 'FileKeySelector', 'ObjectFieldSelector', 'ResourceFieldSelector', 'ConfigMapKeySelector'].map(core),
  ...['SecretKeySelector', 'NodeSelector', 'NodeSelectorTerm', 'TopologySelectorTerm', 'EndpointAddress', 'EndpointPort'].map(core),
  ...['ObjectReference', 'LocalObjectReference', 'TypedLocalObjectReference', 'ScopeSelector'].map(core),
  'discovery.v1.EndpointPort',
  'meta.v1.OwnerReference',
  'meta.v1.LabelSelector',
  'networking.v1.ServiceBackendPort',
  'rbac.v1.Subject',
  'rbac.v1.RoleRef',
]);

function core(name: string): string {
  return `core.v1.${name}`;
}

export function isAtomicStruct(message: MessageSchema): boolean {
  return atomicStructs.has(message.name);
}

/** Fields of atomic types that say structType=granular. */
function isGranular({ name, schema }: FieldSchema): boolean {
  return name === 'claimRef' && schema.kind === 'message' && schema.message.name === 'core.v1.ObjectReference';
}

const leafShape: Shape = { kind: 'leaf' };
/** Of what it is can be seen when it is there: objects are divided, all else is owned as a whole. */
const untypedShape: Shape & { kind: 'map' } = { kind: 'map', of: leafShape };
untypedShape.of = untypedShape;
const known = new WeakMap<FieldSchema, Shape>();

export function shapeOf(field: FieldSchema): Shape {
  let shape = known.get(field);
  if (!shape) {
    const { schema } = field;
    if (isGranular(field) && schema.kind === 'message') shape = structShape(schema.message);
    else shape = field.atomic ? leafShape : field.schema.kind === 'list' ? listShape(field, field.schema.of) : typeShape(field.schema);
    known.set(field, shape);
  }
  return shape;
}

function typeShape(type: TypeSchema): Shape {
  if (type.kind === 'scalar' && type.scalar === 'Untyped') return untypedShape;
  if (type.kind === 'map') return { kind: 'map', of: typeShape(type.of) };
  if (type.kind !== 'message' || isAtomicStruct(type.message)) return leafShape;
  return structShape(type.message);
}

/** Whether a value has no parts that are owned on their own. Where there is no type, a list has none. */
export function isWhole(shape: Shape, value: unknown): boolean {
  if (shape.kind === 'leaf' || value === null || typeof value !== 'object') return true;
  return shape === untypedShape && Array.isArray(value);
}

function structShape(message: MessageSchema): Shape {
  return { kind: 'struct', message, members: new Map() };
}

const roots = new WeakMap<MessageSchema, Shape>();

export function rootShape(message: MessageSchema): Shape {
  let shape = roots.get(message);
  if (!shape) {
    shape = structShape(message);
    roots.set(message, shape);
  }
  return shape;
}

function listShape(field: FieldSchema, of: TypeSchema): Shape {
  if (field.listType === 'set' && of.kind === 'scalar') return { kind: 'set' };
  if (field.listType !== 'map' || of.kind !== 'message') return leafShape;
  const keys = (field.listMapKeys ?? []).map((name) => ({ name, default: keyDefault(of.message.byName.get(name)) }));
  return { kind: 'keyed', keys: keys.sort((a, b) => (a.name < b.name ? -1 : 1)), item: typeShape(of) };
}

/** Kubernetes' OpenAPI gives the zero as default to whatever Go writes although it is zero. */
function keyDefault(field: FieldSchema | undefined): unknown {
  if (!field || field.default !== undefined || field.omitempty || field.pointer || field.schema.kind !== 'scalar') return field?.default;
  const { scalar } = field.schema;
  if (scalar === 'string') return '';
  return scalar === 'int32' || scalar === 'int64' ? 0 : undefined;
}

/** One member of a struct or map; undefined for fields that the schema does not know. */
export function memberOf(shape: Shape, name: string): Member | undefined {
  if (shape.kind === 'map') return { element: `f:${name}`, shape: shape.of };
  if (shape.kind !== 'struct') return undefined;
  const known = shape.members.get(name);
  if (known) return known;
  const { byName, rest } = shape.message;
  const field = byName.get(name);
  const inner = field ? shapeOf(field) : rest && typeShape(rest);
  if (!inner) return undefined;
  const member = { element: `f:${name}`, shape: inner };
  shape.members.set(name, member);
  return member;
}

export function memberShape(shape: Shape, name: string): Shape | undefined {
  return shape.kind === 'map' ? shape.of : memberOf(shape, name)?.shape;
}

export function itemShape(shape: Shape): Shape {
  return shape.kind === 'keyed' ? shape.item : leafShape;
}

/** What alone an item is known by, when that is a text: compared without being written as JSON. */
export function plainKey(shape: Shape, item: unknown): string | undefined {
  const only = shape.kind === 'keyed' && shape.keys.length === 1 && isRecord(item) ? shape.keys[0] : undefined;
  const key = only && (item as Record<string, unknown>)[only.name];
  return typeof key === 'string' ? key : undefined;
}

/** The path element of a list's item: `v:"x"`, or `k:{"name":"x"}` with its keys in order. */
export function itemElement(shape: Shape, item: unknown): string {
  if (shape.kind !== 'keyed') return `v:${goJson(item)}`;
  const text = plainKey(shape, item);
  // As JSON has it, for the names that lists are kept by.
  if (text !== undefined && plain.test(text)) return `k:{"${shape.keys[0]?.name}":"${text}"}`;
  return `k:${goJson(keyOf(shape.keys, item))}`;
}

/** Keys that are not there and have no default are none of the item's: others it is known by. */
function keyOf(keys: readonly ListKey[], item: unknown): Record<string, unknown> {
  const given = isRecord(item) ? item : {};
  const key: Record<string, unknown> = {};
  for (const { name, default: fallback } of keys) {
    const value = given[name] ?? fallback ?? given[name];
    if (value !== undefined) key[name] = value;
  }
  return key;
}

/** Whether nothing tells the item from others. */
export function isKeyless({ keys }: Extract<Shape, { kind: 'keyed' }>, item: unknown): boolean {
  return Object.keys(keyOf(keys, item)).length === 0;
}

const plain = /^[\w./:-]*$/;
const escapedInGo = /[<>&\u2028\u2029]/;

/** As Go writes it, which escapes what HTML would take for its own. */
function goJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!escapedInGo.test(text)) return text;
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
