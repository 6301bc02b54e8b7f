// What in an applied configuration does not fit the types of its kind, and what of it would replace a list, map or struct as a whole: both
// in the words of structured-merge-diff, whose schema has few types, and takes null for any of them.
import { goText, goType } from '../go-text.ts';
import { isRecord } from '../json.ts';
import type { FieldSchema, MessageSchema, ScalarType, TypeSchema } from '../schema.ts';
import { isKeyless, itemElement, memberShape, type Shape, shapeOf } from './shape.ts';

/** A value that JSON has not, as Go prints it: none of the types takes it. */
export class ForeignValue {
  /** `%v`, `%#v` and `%T`. */
  readonly text: string;
  readonly syntax: string;
  readonly type: string;

  constructor(text: string, syntax: string, type: string) {
    this.text = text;
    this.syntax = syntax;
    this.type = type;
  }
}

export interface TypedProblem {
  path: string;
  detail: string;
}

type Basic = 'numeric' | 'string' | 'boolean' | 'any';

const basics: Record<ScalarType, Basic> = {
  ...{ string: 'string', bytes: 'string', bool: 'boolean', int32: 'numeric', int64: 'numeric', double: 'numeric' },
  ...{ Time: 'any', MicroTime: 'any', Duration: 'string', Quantity: 'any', IntOrString: 'any' },
  ...{ RawExtension: 'any', JSON: 'any', FieldsV1: 'any', Untyped: 'any' },
};
/** They may be maps as well. */
const free = new Set<ScalarType>(['RawExtension', 'JSON', 'FieldsV1', 'Untyped']);

/** In the order of the fields as they are given. */
export function typedProblems(message: MessageSchema, value: unknown): TypedProblem[] {
  return ofMessage(message, value, '');
}

function ofMessage(message: MessageSchema, value: unknown, path: string): TypedProblem[] {
  if (value === null) return [];
  if (!isMap(value)) return [{ path, detail: `expected map, got ${shown(value)}` }];
  const problems: TypedProblem[] = [];
  for (const [name, inner] of Object.entries(value)) {
    const at = `${path}.${name}`;
    const field = message.byName.get(name);
    if (!field && !message.rest) return [...problems, { path: at, detail: 'field not declared in schema' }];
    problems.push(...(field ? ofField(field, inner, at) : ofType(message.rest as TypeSchema, inner, at)));
  }
  return problems;
}

function ofField(field: FieldSchema, value: unknown, path: string): TypedProblem[] {
  const { schema } = field;
  return schema.kind === 'list' ? ofList(schema.of, shapeOf(field), value, path) : ofType(schema, value, path);
}

function ofType(type: TypeSchema, value: unknown, path: string): TypedProblem[] {
  if (value === null || value === undefined) return [];
  if (type.kind === 'message') return ofMessage(type.message, value, path);
  if (type.kind === 'list') return ofList(type.of, { kind: 'leaf' }, value, path);
  if (type.kind === 'scalar') return ofScalar(type.scalar, value, path);
  if (!isMap(value)) return [{ path, detail: `expected map, got ${shown(value)}` }];
  return Object.entries(value).flatMap(([name, inner]) => ofType(type.of, inner, `${path}.${name}`));
}

function ofScalar(scalar: ScalarType, value: unknown, path: string): TypedProblem[] {
  const wanted = basics[scalar];
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (wanted === 'numeric' && !isNumber)
    return [{ path, detail: `expected numeric (int or float), got ${value instanceof ForeignValue ? value.type : goType(value)}` }];
  if (wanted === 'string' && typeof value !== 'string')
    return [{ path, detail: `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}` }];
  if (wanted === 'boolean' && typeof value !== 'boolean') return [{ path, detail: `expected boolean, got ${shown(value)}` }];
  const isCompound = typeof value === 'object';
  return wanted === 'any' && (value instanceof ForeignValue || (isCompound && !free.has(scalar)))
    ? [{ path, detail: `expected any scalar, got ${shown(value)}` }]
    : [];
}

function ofList(of: TypeSchema, shape: Shape, value: unknown, path: string): TypedProblem[] {
  if (value === null) return [];
  if (!Array.isArray(value)) return [{ path, detail: `expected list, got ${shown(value)}` }];
  const problems: TypedProblem[] = [];
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    if (shape.kind !== 'keyed' && shape.kind !== 'set') {
      problems.push(...ofType(of, item, `${path}[${index}]`));
      continue;
    }
    const why = unusable(shape, item);
    // What comes after it is not looked at.
    if (why !== undefined) return [...problems, { path, detail: `element ${index}: ${why}` }];
    const element = keyText(itemElement(shape, item));
    if (seen.has(element)) problems.push({ path, detail: `duplicate entries for key ${element}` });
    seen.add(element);
    problems.push(...ofType(of, item, path + element));
  }
  return problems;
}

/** Why an item cannot be told from others. */
function unusable(shape: Extract<Shape, { kind: 'keyed' | 'set' }>, item: unknown): string | undefined {
  if (shape.kind === 'set') {
    if (item === null) return "associative list without keys has an element that's an explicit null";
    if (Array.isArray(item)) return 'not supported: associative list with lists as elements';
    return isRecord(item) ? "associative list without keys has an element that's a map type" : undefined;
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isMap(item)) return 'associative list with keys may not have non-map elements';
  if (!isKeyless(shape, item)) return undefined;
  const names = shape.keys.map(({ name }) => JSON.stringify(name)).join(' ');
  return `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`;
}

/** `[name="a"]` of `k:{"name":"a"}`, `["x"]` of `v:"x"`. */
function keyText(element: string): string {
  const value: unknown = JSON.parse(element.slice(2));
  if (element.startsWith('v:') || !isRecord(value)) return `[${JSON.stringify(value)}]`;
  const parts = Object.entries(value).map(([name, part]) => `${name}=${JSON.stringify(part)}`);
  return `[${parts.join(',')}]`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !(value instanceof ForeignValue);
}

function shown(value: unknown): string {
  return `&{${value instanceof ForeignValue ? value.text : goText(value)}}`;
}

/** `%#v`. */
function goSyntax(value: unknown): string {
  if (value instanceof ForeignValue) return value.syntax;
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isRecord(value)) return typeof value === 'string' ? JSON.stringify(value) : goText(value);
  const members = Object.keys(value).sort();
  return `map[string]interface {}{${members.map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`).join(', ')}}`;
}

/** Paths of lists, maps and structs that are owned as a whole, which a configuration would replace. */
export function wholePaths(shape: Shape, type: TypeSchema, value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [];
  const own = shape.kind === 'leaf' && isDivisible(type) ? [path] : [];
  if (Array.isArray(value)) {
    const isUntyped = type.kind !== 'list';
    if (isUntyped) return path === '' ? own : [path];
    const item = type.of;
    return [...own, ...value.flatMap((inner, index) => wholePaths(itemShapeOf(shape, item), item, inner, `${path}[${index}]`))];
  }
  if (type.kind !== 'message') return own;
  const parts = Object.entries(value).flatMap(([name, inner]) => {
    const field = type.message.byName.get(name);
    return field ? wholePaths(memberShape(shape, name) ?? shapeOf(field), field.schema, inner, `${path}.${name}`) : [];
  });
  return [...own, ...parts];
}

function isDivisible(type: TypeSchema): boolean {
  return type.kind !== 'scalar';
}

function itemShapeOf(shape: Shape, of: TypeSchema): Shape {
  if (shape.kind === 'keyed') return shape.item;
  return shapeOf({ name: '', type: '', schema: of });
}
