// Objects as server-side apply sees them, for property tests: what of them can be owned apart, and configurations that set
// a part of one. Written from Kubernetes' rules for list and map types, apart from the code that applies.
import { isAtomicStruct, isRecord, type MessageSchema, type TypeSchema } from '@berth/machinery';

type Json = Record<string, unknown>;
/** A member by name, or an element of a list by its keys. */
export type Step = string | Json;

/** A value that one manager owns as a whole, and how to say nothing but it. */
export interface Leaf {
  steps: Step[];
  value: unknown;
  /** The smallest configuration that sets this to `value`. */
  configured(value: unknown): Json;
}

interface Typed {
  type: TypeSchema;
  listType?: string;
  listMapKeys?: string[];
  atomic?: true;
}

/** The object with lists that are maps holding each key once, all keys given, and sets holding each value once. */
export function applicable(message: MessageSchema, object: Json): Json {
  const result: Json = {};
  for (const [name, value] of Object.entries(object)) {
    const field = message.byName.get(name);
    result[name] = field ? applicableValue({ ...field, type: field.schema }, value) : value;
  }
  return result;
}

function applicableValue(typed: Typed, value: unknown): unknown {
  const { type } = typed;
  if (type.kind === 'message') return isRecord(value) ? applicable(type.message, value) : value;
  if (type.kind === 'map' && isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, applicableValue({ type: type.of }, inner)]));
  if (type.kind !== 'list' || !Array.isArray(value)) return value;
  const items = value.map((item) => applicableValue({ type: type.of }, item));
  if (typed.listType === 'set') return [...new Set(items)];
  if (typed.listType !== 'map') return items;
  const known = new Map<string, unknown>();
  for (const item of items) {
    const keyed = { ...(item as Json), ...keysOf(typed, item as Json) };
    known.set(JSON.stringify(keysOf(typed, keyed)), keyed);
  }
  return [...known.values()];
}

/** The keys of an element; one that is not given has its default. */
export function keysOf({ type, listMapKeys = [] }: Typed, item: Json): Json {
  const element = type.kind === 'list' && type.of.kind === 'message' ? type.of.message : undefined;
  return Object.fromEntries(
    listMapKeys.map((key) => {
      const field = element?.byName.get(key);
      const absent = field?.type.startsWith('int') ? 1 : 'none';
      return [key, item[key] ?? field?.default ?? absent];
    }),
  );
}

export function leavesOf(message: MessageSchema, object: Json): Leaf[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const field = message.byName.get(name);
    if (!field) return [];
    return below({ ...field, type: field.schema }, value, [name], (inner) => ({ [name]: inner }));
  });
}

type Configure = (value: unknown) => Json;

function below(typed: Typed, value: unknown, steps: Step[], configured: Configure): Leaf[] {
  const { type } = typed;
  const whole: Leaf[] = [{ steps, value, configured }];
  if (typed.atomic || (type.kind === 'message' && isAtomicStruct(type.message))) return whole;
  if (type.kind === 'message' && isRecord(value)) return nested(leavesOf(type.message, value), steps, configured, {});
  if (type.kind === 'map' && isRecord(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      below({ type: type.of }, inner, [...steps, key], (changed) => configured({ [key]: changed })),
    );
  }
  if (type.kind === 'list' && typed.listType === 'set') return [];
  if (type.kind !== 'list' || typed.listType !== 'map' || !Array.isArray(value)) return whole;
  const element = type.of.kind === 'message' ? type.of.message : undefined;
  return value.flatMap((item: Json) => {
    const keys = keysOf(typed, item);
    if (element && isAtomicStruct(element))
      return [{ steps: [...steps, keys], value: item, configured: (changed) => configured([changed]) }];
    const inner = element ? leavesOf(element, item).filter(({ steps: [name] }) => !Object.hasOwn(keys, String(name))) : [];
    return nested(inner, [...steps, keys], (changed) => configured([changed]), keys);
  });
}

/** Leaves of a part as leaves of the whole; `keys` go along with every one. */
function nested(leaves: Leaf[], steps: Step[], configured: Configure, keys: Json): Leaf[] {
  return leaves.map((leaf) => ({
    steps: [...steps, ...leaf.steps],
    value: leaf.value,
    configured: (value) => configured({ ...keys, ...leaf.configured(value) }),
  }));
}

/** Whether a fieldsV1 names the leaf, or what holds it as a whole. */
export function owns(fields: unknown, steps: Step[]): boolean {
  const [step, ...rest] = steps;
  if (!isRecord(fields) || step === undefined) return isRecord(fields);
  const named = Object.entries(fields).find(([element]) =>
    typeof step === 'string' ? element === `f:${step}` : element.startsWith('k:') && sameKeys(element.slice(2), step),
  );
  return named !== undefined && owns(named[1], rest);
}

function sameKeys(encoded: string, keys: Json): boolean {
  const given = JSON.parse(encoded) as Json;
  return Object.keys(given).length === Object.keys(keys).length && Object.entries(keys).every(([key, value]) => given[key] === value);
}

/** Merges configurations of different leaves into one. */
export function together(message: MessageSchema, parts: Json[]): Json {
  return parts.reduce<Json>((all, part) => merged(message, all, part), {});
}

function merged(message: MessageSchema | undefined, a: Json, b: Json): Json {
  const result = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const field = message?.byName.get(name);
    const before = result[name];
    if (isRecord(before) && isRecord(value))
      result[name] = merged(field?.schema.kind === 'message' ? field.schema.message : undefined, before, value);
    else if (Array.isArray(before) && Array.isArray(value) && field?.listType === 'map')
      result[name] = mergedItems({ ...field, type: field.schema }, before as Json[], value as Json[]);
    else result[name] = value;
  }
  return result;
}

function mergedItems(typed: Typed, a: Json[], b: Json[]): Json[] {
  const element = typed.type.kind === 'list' && typed.type.of.kind === 'message' ? typed.type.of.message : undefined;
  const result = [...a];
  for (const item of b) {
    const id = JSON.stringify(keysOf(typed, item));
    const at = result.findIndex((other) => JSON.stringify(keysOf(typed, other)) === id);
    if (at < 0) result.push(item);
    else result[at] = merged(element, result[at] ?? {}, item);
  }
  return result;
}

/** The same content whatever the order of lists: nobody owns order. */
export function unordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (!isRecord(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, unordered(value[name])]));
}
