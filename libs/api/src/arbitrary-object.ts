// Objects of any kind's shape for property tests, made from its schema: any subset of fields, with values that are now sound,
// now odd.
import type { KindDefinition, KubeObject, MessageSchema, TypeSchema } from '@berth/machinery';
import fc from 'fast-check';

const depthMax = 9;
const words = [
  '',
  'web',
  'Always',
  'None',
  'In',
  'Local',
  'Recreate',
  '..',
  '/',
  'a/b/c',
  'A b',
  '25%',
  'ClientIP',
  'NodePort',
  'ExternalName',
  'é',
];
const quantities = ['0', '1', '-1', '500m', '1Gi', '1.5', '2e3', 'x'];

function arbitrary(type: TypeSchema, depth: number): fc.Arbitrary<unknown> {
  if (type.kind === 'list') return fc.array(arbitrary(type.of, depth + 1), { maxLength: 2 });
  if (type.kind === 'map')
    return fc.dictionary(fc.constantFrom('app', 'cpu', 'storage', 'a/b', '..'), arbitrary(type.of, depth + 1), { maxKeys: 2 });
  if (type.kind === 'message') return message(type.message, depth + 1);
  if (type.alternatives) return fc.oneof(...type.alternatives.map((alternative) => oneOfSeveral(alternative, depth)));
  switch (type.scalar) {
    case 'bool':
      return fc.boolean();
    case 'int32':
    case 'double':
      return fc.constantFrom(-1, 0, 1, 80, 70000);
    case 'int64':
      return fc.constantFrom<number | bigint>(-1, 0, 1, 80, 70000, 2n ** 63n - 1n, -(2n ** 63n));
    case 'IntOrString':
      return fc.constantFrom<unknown>(0, 80, 'http', '25%', '');
    case 'Quantity':
      return fc.constantFrom(...quantities);
    case 'Time':
    case 'MicroTime':
      return fc.constant('2026-01-02T03:04:05Z');
    case 'Duration':
      return fc.constantFrom('0s', '30s', '1m30s');
    case 'bytes':
      return fc.constantFrom('', 'YQ==', 'e30=');
    case 'string':
      return fc.constantFrom(...words);
    default:
      return fc.constant({});
  }
}

/** An empty list is no alternative: Go's types for `a schema, or a list` hold none, and write null. */
function oneOfSeveral(type: TypeSchema, depth: number): fc.Arbitrary<unknown> {
  if (type.kind === 'list') return fc.array(arbitrary(type.of, depth + 1), { minLength: 1, maxLength: 2 });
  return arbitrary(type, depth);
}

/** Any subset of a message's fields, required ones too: validation runs on what was sent, not on what should have been. */
function message(schema: MessageSchema, depth: number): fc.Arbitrary<Record<string, unknown>> {
  if (depth > depthMax) return fc.constant({});
  const names = [...schema.byName.keys()];
  const few = fc.subarray(names, { maxLength: Math.min(names.length, depth < 4 ? names.length : 4) });
  return few.chain((chosen) => {
    const fields = chosen.flatMap((name) => {
      const field = schema.byName.get(name);
      return field ? [[name, arbitrary(field.schema, depth)] as const] : [];
    });
    return fc.record(Object.fromEntries(fields)) as fc.Arbitrary<Record<string, unknown>>;
  });
}

/** Objects of a kind's shape, most of them invalid. */
export function arbitraryObject(kind: KindDefinition): fc.Arbitrary<KubeObject> {
  return message(kind.schema, 0).map((fields) => ({
    ...fields,
    apiVersion: kind.version,
    kind: kind.kind,
    metadata: { name: 'web', ...(fields.metadata as object | undefined) },
  }));
}
