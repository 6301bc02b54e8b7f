// What Go's JSON shows of a struct although nobody set it: fields that are neither pointers nor left out when empty, such as
// `status: {}` and `replicas: 0`. Lists and maps that it shows as null stay absent.
import type { FieldSchema, MessageSchema, TypeSchema } from './schema.ts';
import { shownWhenEmpty } from './schema.ts';

interface Plan {
  /** Fields that are there whatever was set, with what they hold then; objects are copied. */
  zeros: [string, unknown][];
  /** Fields whose values may lack some of theirs. */
  inner: [string, TypeSchema][];
}

const plans = new WeakMap<MessageSchema, Plan>();

/** Adds to `object`, in place, what is always shown; says whether anything was missing. */
export function fillZeroValues(message: MessageSchema, object: Record<string, unknown>): boolean {
  const { zeros, inner } = planOf(message);
  let filled = false;
  for (const [name, zero] of zeros) {
    if (object[name] !== undefined) continue;
    object[name] = copied(zero);
    filled = true;
  }
  for (const [name, type] of inner) if (fillValue(type, object[name])) filled = true;
  return filled;
}

function fillValue(type: TypeSchema, value: unknown): boolean {
  if (type.kind === 'scalar' || value === null || typeof value !== 'object' || Object.isFrozen(value)) return false;
  if (type.kind === 'message') return !Array.isArray(value) && fillZeroValues(type.message, value as Record<string, unknown>);
  let filled = false;
  for (const item of Object.values(value) as unknown[]) if (fillValue(type.of, item)) filled = true;
  return filled;
}

function planOf(message: MessageSchema): Plan {
  const known = plans.get(message);
  if (known) return known;
  const plan: Plan = { zeros: [], inner: [] };
  for (const [name, field] of message.byName) {
    const zero = zeroOf(message, name);
    if (zero !== undefined) plan.zeros.push([name, zero]);
    if (mayLack(field, new Set())) plan.inner.push([name, field.schema]);
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
