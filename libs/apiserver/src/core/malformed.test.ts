// Bad input is the client's fault: whatever is sent, the answer is a Status that says so, never an internal error.
import { kinds } from '@berth/api';
import { apiVersionOf, type MessageSchema, type ScalarType, StatusError, type TypeSchema } from '@berth/machinery';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admin, callFor, pod, service, startTestServer } from './test-server.ts';
import type { Call } from './types.ts';

const seed = 20_300_101;
const junk = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant([]),
  fc.constant({}),
  fc.constant([null]),
  fc.constant({ x: {} }),
);

const text = fc.oneof(fc.constantFrom('', 'None', 'NodePort', 'http', 'a.b/c', '10.96.0.9', '5', '*'), fc.string());
const scalars: Partial<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  IntOrString: fc.oneof(fc.integer(), text),
  Quantity: fc.constantFrom('1', '100m', '1Gi', '-1', 'x'),
  Time: fc.constantFrom('2030-01-01T00:00:00Z', 'soon'),
};

/** A value of this type down to a depth: right in form, mostly, and wrong in meaning. */
function anything(schema: TypeSchema, depth: number): fc.Arbitrary<unknown> {
  const right = () => {
    if (depth === 0 && schema.kind !== 'scalar') return fc.constant(schema.kind === 'list' ? [] : {});
    if (schema.kind === 'list') return fc.array(anything(schema.of, depth - 1), { maxLength: 2 });
    if (schema.kind === 'map') return fc.dictionary(text, anything(schema.of, depth - 1), { maxKeys: 2 });
    return schema.kind === 'message' ? anyMessage(schema.message, depth - 1) : (scalars[schema.scalar] ?? text);
  };
  return fc.oneof({ weight: 400, arbitrary: right() }, { weight: 1, arbitrary: junk });
}

function anyMessage(message: MessageSchema, depth: number): fc.Arbitrary<object> {
  const fields = [...message.byName.values()].filter((field) => field.name !== 'metadata');
  const some = fields.map((field) => fc.option(anything(field.schema, depth), { nil: undefined, freq: 2 }));
  return fc
    .tuple(...some)
    .map((values) => Object.fromEntries(values.flatMap((value, i) => (value === undefined ? [] : [[fields[i]?.name, value]]))));
}

const codes = new Map<number, number>();

async function expectAnswer(operation: () => Promise<unknown>): Promise<void> {
  try {
    await operation();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    expect(error.code).toBeLessThan(500);
    codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
  }
}

test(`creating anything of any kind is answered (seed ${seed})`, async () => {
  const { server } = await startTestServer();
  for (const kind of kinds) {
    const call: Call = { user: admin, kind, namespace: kind.namespaced ? 'default' : undefined };
    const head = { apiVersion: apiVersionOf(kind), kind: kind.kind };
    const bodies = fc.record({
      metadata: fc.oneof(fc.constant({ name: 'x' }), fc.constant({ name: 'x', labels: { 'a b': 'c' } }), junk),
      rest: anyMessage(kind.schema, 4),
    });
    const property = fc.asyncProperty(bodies, ({ metadata, rest }) =>
      expectAnswer(() => server.create(call, { ...(rest as object), ...head, metadata }, { fieldValidation: 'Ignore' })),
    );
    await fc.assert(property, { seed, numRuns: 60 });
    await expectAnswer(() => server.create(call, { ...head, metadata: { name: 'bare' } }));
    await expectAnswer(() => server.create(call, null));
  }
  // Much of it has to get past the types, or this tests little.
  expect(codes.get(422) ?? 0).toBeGreaterThan((codes.get(400) ?? 0) / 2);
  await server.stop();
});

test(`patching and posting to subresources with anything is answered (seed ${seed})`, async () => {
  const { server, client } = await startTestServer();
  const [podKind, serviceKind] = ['Pod', 'Service'].map((name) => kinds.find((kind) => kind.kind === name));
  if (!podKind || !serviceKind) throw new Error('the kinds of this test are gone');
  await client.create(podKind, pod('web'));
  await client.create(serviceKind, service('web'));
  const value = fc.oneof(junk, fc.record({ target: junk, metadata: junk, spec: junk, deleteOptions: junk }, { requiredKeys: [] }));
  const property = fc.asyncProperty(value, async (body) => {
    for (const subresource of ['binding', 'eviction', 'exec'])
      await expectAnswer(() => server.create(callFor(podKind, 'default', 'web', subresource), body, { dryRun: true }));
    for (const type of ['merge', 'strategic', 'json'] as const) {
      for (const kind of [podKind, serviceKind]) {
        await expectAnswer(() => server.patch(callFor(kind, 'default', 'web'), type, body, { dryRun: true }));
        await expectAnswer(() => server.patch(callFor(kind, 'default', 'web', 'status'), type, body, { dryRun: true }));
      }
    }
  });
  await fc.assert(property, { seed, numRuns: 150 });
  await server.stop();
});
