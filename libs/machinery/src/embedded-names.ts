// How Go's decoder names fields in its errors, which is otherwise than they stand in JSON where structs are embedded.
import type { MessageSchema } from './schema.ts';

const embeddings = new WeakMap<MessageSchema, ReadonlyMap<string, string>>();

/** How Go's decoder names a field: one of an embedded struct stands behind its name. */
export function embeddedName(message: MessageSchema, name: string): string {
  let names = embeddings.get(message);
  if (!names) {
    const found = new Map<string, string>();
    for (const { inline, schema } of message.fields) {
      if (!inline || schema.kind !== 'message') continue;
      const struct = schema.message.name.slice(schema.message.name.lastIndexOf('.') + 1);
      for (const inner of schema.message.byName.keys()) found.set(inner, `${struct}.${embeddedName(schema.message, inner)}`);
    }
    names = found;
    embeddings.set(message, names);
  }
  return names.get(name) ?? name;
}
