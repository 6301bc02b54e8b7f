// JSON as Go writes and reads it, for texts that are compared byte by byte: fields in their declared order, with zeros; names of fields are
// read whatever their case.
import { isRecord, type MessageSchema, shownWhenEmpty, type TypeSchema } from '@berth/machinery';

/** @param message of the value, or of each item of a list; undefined for what is in order already */
export function goJson(message: MessageSchema | undefined, value: unknown): string {
  const inOrder = message ? ordered({ kind: 'message', message }, value) : value;
  // What HTML would take for its own is escaped.
  return JSON.stringify(inOrder).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function ordered(type: TypeSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => ordered(type.kind === 'list' ? type.of : type, item));
  if (!isRecord(value)) return value;
  if (type.kind === 'map') {
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, ordered(type.of, value[key])]),
    );
  }
  if (type.kind !== 'message') return value;
  const zeros = shownWhenEmpty(type.message);
  const fields: [string, unknown][] = [];
  for (const [name, { schema, pointer }] of type.message.byName) {
    const isTime = schema.kind === 'scalar' && schema.scalar === 'Time' && !pointer;
    const shown = value[name] ?? zeros[name] ?? (isTime ? null : undefined);
    if (shown !== undefined) fields.push([name, ordered(schema, shown)]);
  }
  return Object.fromEntries(fields);
}

/** With the names that the schema has. */
export function asGoReads(message: MessageSchema, value: unknown): unknown {
  if (!isRecord(value)) return value;
  const names = new Map([...message.byName.keys()].map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    Object.entries(value).map(([given, inner]) => {
      const name = message.byName.has(given) ? given : (names.get(given.toLowerCase()) ?? given);
      const type = message.byName.get(name)?.schema;
      return [name, type ? within(type, inner) : inner];
    }),
  );
}

function within(type: TypeSchema, value: unknown): unknown {
  if (type.kind === 'message') return asGoReads(type.message, value);
  if (type.kind === 'list' && Array.isArray(value)) return value.map((item) => within(type.of, item));
  return value;
}
