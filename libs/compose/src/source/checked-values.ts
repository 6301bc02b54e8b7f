// Holds a document against the shape of a compose file: variables become values, values what their keys take; what is unknown or of
// another type is refused with its path and line, what does not act gives a warning.
import { isRecord, nearestNames } from '@berth/machinery';
import { ComposeError } from '../compose-error.ts';
import { interpolate, type Variables } from './interpolate.ts';
import { type LocatedDocument, type Path, pathText } from './located-document.ts';
import { type Fields, fieldOf, type Scalar, type Shape } from './shape.ts';

const scalarNames: Record<Scalar, string> = {
  text: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  anything: 'anything',
};

const booleans: Record<string, boolean> = { true: true, false: false, yes: true, no: false, on: true, off: false };

export interface Context {
  document: LocatedDocument;
  variables: Variables;
  warn(message: string): void;
}

/** @throws ComposeError */
export function checkedValue(value: unknown, shape: Shape, path: Path, context: Context): unknown {
  // A key without a value says nothing.
  if (value === null || value === undefined) return null;
  if (typeof shape === 'string') return scalar(value, shape, path, context);
  if ('oneOf' in shape) return checkedValue(value, fitting(value, shape.oneOf), path, context);
  if ('list' in shape) {
    if (!Array.isArray(value)) throw refusal(value, 'a list', path, context);
    return value.map((item, index) => {
      if (item === null) throw refusal(null, expectation(shape.list), [...path, index], context);
      return checkedValue(item, shape.list, [...path, index], context);
    });
  }
  if (!isRecord(value)) throw refusal(value, 'a mapping', path, context);
  if ('map' in shape)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, checkedValue(item, shape.map, [...path, key], context)]));
  return checkedFields(value, shape.fields, path, context);
}

function checkedFields(value: Record<string, unknown>, fields: Fields, path: Path, context: Context): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key.startsWith('x-')) continue;
    const own = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (own === undefined) throw unknownKey(key, fields, path, context);
    const { shape, inert } = fieldOf(own);
    const checked = checkedValue(item, shape, [...path, key], context);
    if (checked === null) continue;
    if (inert !== undefined) context.warn(`${pathText([...path, key])} does not act: ${inert}`);
    else result[key] = checked;
  }
  return result;
}

function unknownKey(key: string, fields: Fields, path: Path, context: Context): ComposeError {
  const near = nearestNames(key, Object.keys(fields));
  const remedy = near.length > 0 ? `: did you mean ${near.join(' or ')}?` : `: there are ${Object.keys(fields).sort().join(', ')}`;
  return errorAt([...path, key], `there is no such key${remedy}`, context);
}

/** Which alternative is meant, by what the value is. */
function fitting(value: unknown, alternatives: Shape[]): Shape {
  const isMeant = (shape: Shape) => {
    if (typeof shape === 'string') return typeof value !== 'object';
    return 'list' in shape ? Array.isArray(value) : isRecord(value);
  };
  const [first = 'anything'] = alternatives;
  return alternatives.find(isMeant) ?? first;
}

function scalar(value: unknown, type: Scalar, path: Path, context: Context): unknown {
  if (type === 'anything') return anything(value, path, context);
  if (typeof value === 'object') throw refusal(value, scalarNames[type], path, context);
  const text = interpolated(String(value), path, context);
  if (type === 'text') return text;
  if (type === 'boolean') {
    const known = booleans[text.toLowerCase()];
    if (known === undefined) throw refusal(text, scalarNames[type], path, context);
    return known;
  }
  const number = Number(text);
  const isFit = text.trim() !== '' && Number.isFinite(number) && (type === 'number' || Number.isSafeInteger(number));
  if (!isFit) throw refusal(text, scalarNames[type], path, context);
  return number;
}

function anything(value: unknown, path: Path, context: Context): unknown {
  if (typeof value === 'string') return interpolated(value, path, context);
  if (Array.isArray(value)) return value.map((item, index) => anything(item, [...path, index], context));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, anything(item, [...path, key], context)]));
}

function interpolated(text: string, path: Path, context: Context): string {
  try {
    return interpolate(text, context.variables, (name) => context.warn(`the variable ${name} is not set: it is taken for empty`));
  } catch (error) {
    throw errorAt(path, (error as Error).message, context);
  }
}

function expectation(shape: Shape): string {
  if (typeof shape === 'string') return scalarNames[shape];
  if ('oneOf' in shape) return shape.oneOf.map(expectation).join(' or ');
  return 'list' in shape ? 'a list' : 'a mapping';
}

function refusal(value: unknown, expected: string, path: Path, context: Context): ComposeError {
  const found = Array.isArray(value) ? 'a list' : isRecord(value) ? 'a mapping' : value === null ? 'nothing' : JSON.stringify(value);
  return errorAt(path, `it is ${expected}, not ${found}`, context);
}

/** `docker-compose.yml, line 5: services.web.ports: what is wrong`. */
export function errorAt(path: Path, message: string, { document }: Pick<Context, 'document'>): ComposeError {
  const what = path.length > 0 ? `${pathText(path)}: ` : '';
  return new ComposeError(`${document.file}, line ${document.lineOf(path)}: ${what}${message}`);
}
