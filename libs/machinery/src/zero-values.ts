// What Go's JSON shows of a struct although nobody set it: fields that are neither pointers nor left out when empty, such as
// `status: {}` and `replicas: 0`. Lists and maps that it shows as null stay absent.
import type { FieldSchema, MessageSchema, TypeSchema } from './schema.ts';
import { shownWhenEmpty } from './schema.ts';

interface Plan {
  /** Fields that are there whatever was set, with what they hold then; objects are copied. */
  zeros: Zero[];
  /** Fields whose values may lack some of theirs. */
  inner: Inner[];
}

interface Zero {
  name: string;
  value: unknown;
}

interface Inner {
  name: string;
  message: MessageSchema;
  /** How many lists and maps are around the message. */
  depth: number;
  /** Of the message, from when it is first met: types may hold themselves. */
  plan: Plan | undefined;
}

const plans = new WeakMap<MessageSchema, Plan>();

/** Adds to `object`, in place, what is always shown; says whether anything was missing. */
export function fillZeroValues(message: MessageSchema, object: Record<string, unknown>): boolean {
  return fill(planOf(message), object);
}

/** Every object that is written comes here more than once, mostly with nothing missing. */
function fill({ zeros, inner }: Plan, object: Record<string, unknown>): boolean {
  let filled = false;
  for (let i = 0; i < zeros.length; i++) {
    const { name, value } = zeros[i] as Zero;
    if (object[name] !== undefined) continue;
    object[name] = copied(value);
    filled = true;
  }
  for (let i = 0; i < inner.length; i++) {
    const field = inner[i] as Inner;
    const value = object[field.name];
    if (value !== undefined && fillValue(field, field.depth, value)) filled = true;
  }
  return filled;
}

function fillValue(field: Inner, depth: number, value: unknown): boolean {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return false;
  if (depth === 0) {
    if (Array.isArray(value)) return false;
    field.plan ??= planOf(field.message);
    return fill(field.plan, value as Record<string, unknown>);
  }
  let filled = false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (fillValue(field, depth - 1, value[i])) filled = true;
  } else {
    for (const key in value) if (fillValue(field, depth - 1, (value as Record<string, unknown>)[key])) filled = true;
  }
  return filled;
}

/** @param type of a field that holds a message, perhaps within lists and maps */
function innerOf(name: string, type: TypeSchema, depth = 0): Inner[] {
  if (type.kind === 'scalar') return [];
  return type.kind === 'message' ? [{ name, message: type.message, depth, plan: undefined }] : innerOf(name, type.of, depth + 1);
}

function planOf(message: MessageSchema): Plan {
  const known = plans.get(message);
  if (known) return known;
  const plan: Plan = { zeros: [], inner: [] };
  for (const [name, field] of message.byName) {
    const zero = zeroOf(message, name);
    if (zero !== undefined) plan.zeros.push({ name, value: zero });
    if (mayLack(field, new Set())) plan.inner.push(...innerOf(name, field.schema));
  }
  plans.set(message, plan);
  return plan;
}

/** Undefined when nothing is shown, or null. */
function zeroOf(message: MessageSchema, name: string): unknown {
  const zero = shownWhenEmpty(message)[name];
  return zero === null ? undefined : withoutNulls(zero);
}

function withoutNulls(zero: unknown): unknown {
  if (zero === null || typeof zero !== 'object') return zero;
  return Object.fromEntries(Object.entries(zero).flatMap(([name, inner]) => (inner === null ? [] : [[name, withoutNulls(inner)]])));
}

function copied(zero: unknown): unknown {
  if (zero === null || typeof zero !== 'object') return zero;
  return Object.fromEntries(Object.entries(zero).map(([name, inner]) => [name, copied(inner)]));
}

/** Whether a message somewhere below has fields that are always shown. @param above what is being looked at: types may hold themselves */
function mayLack({ schema }: Pick<FieldSchema, 'schema'>, above: Set<MessageSchema>): boolean {
  if (schema.kind === 'scalar') return false;
  if (schema.kind !== 'message') return mayLack({ schema: schema.of }, above);
  const { message } = schema;
  if (above.has(message)) return false;
  above.add(message);
  return [...message.byName].some(([name, field]) => zeroOf(message, name) !== undefined || mayLack(field, above));
}
