// Definitions, objects of theirs and expressions that are wrong in any way: each is refused as the client's fault, with the place of what
// is wrong, and none takes more than its share. BERTH_MALFORMED=10000 makes so many instead of 150, and says which took longest.
import { CustomResourceDefinition } from '@berth/api';
import { type KubeObject, StatusError } from '@berth/machinery';
import { type Random, seededRandom } from '@berth/telemetry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Budget } from '../../cel/budget.ts';
import { ExpressionEnvironment } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { celValue } from '../../cel/values.ts';
import type { ApiServer } from '../api-server.ts';
import { admin, callFor, startTestServer } from '../test-server.ts';

const count = Number(process.env.BERTH_MALFORMED ?? 150);
const seed = 20_260_131;
const group = 'bad.example.com';

let server: ApiServer;
beforeAll(async () => {
  ({ server } = await startTestServer());
});
afterAll(() => server.stop());

const one = <T>(random: Random, all: readonly T[]): T => all[random.int(all.length)] as T;
const nested = (depth: number): unknown => (depth === 0 ? {} : { a: nested(depth - 1) });
const schemaNest = (depth: number): unknown =>
  depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: schemaNest(depth - 1) } };

const expressions = [
  ...[
    'self',
    'oldSelf',
    'true',
    '1',
    '-1',
    '1.5',
    '"a"',
    "b'a'",
    'null',
    '[]',
    '{}',
    '[1, "a"]',
    '{"a": 1}',
    'self.spec',
    'self.spec.list',
  ],
  ...['self.spec.text', 'self.spec.absent', 'x', '9223372036854775807', '"(a+)+$"', 'duration("1h")', 'timestamp("x")', 'optional.none()'],
];
const templates = [
  ...[
    '$ + $',
    '$ == $',
    '$ && $',
    '$ || $',
    '!$',
    '$ ? $ : $',
    '$ in $',
    '$ < $',
    '$.all(x, $)',
    '$.exists(i, v, $)',
    '$.map(x, $)',
    '$[$]',
  ],
  ...['$.filter(x, $)', '$.matches($)', 'size($)', 'has($.a)', '$.transformMap(k, v, $)', 'cel.bind(y, $, y == $)', 'lists.range($)'],
  ...[
    '$.sortBy(x, $)',
    '$.split($)',
    '$.replace($, $)',
    'string($)',
    'int($)',
    'quantity($)',
    'format.named($)',
    '$.distinct()',
    '$.$',
    '($',
    '$)',
  ],
  ...['$.join("")', 'sets.contains($, $)', '$.format([$])', 'url($)', '$.flatten($)'],
];

function expression(random: Random, depth: number): string {
  if (depth === 0 || random.int(4) === 0) return one(random, expressions);
  return one(random, templates).replaceAll('$', () => expression(random, depth - 1));
}

function odd(random: Random): unknown {
  const values: unknown[] = [
    null,
    '',
    'a',
    -1,
    0,
    1.5,
    2 ** 60,
    true,
    [],
    {},
    [null],
    [{}],
    nested(150),
    'x'.repeat(5_000),
    { $ref: '#/a' },
  ];
  const schemas: unknown[] = [
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
    { type: 'array' },
    { type: ['string'] },
    { type: 'string', pattern: one(random, ['(', '(a+)+$', '[', 'a{1000}{1000}', '\\p{Greek}*', '(?=a)', 'x*'.repeat(500)]) },
    { type: 'array', items: [{ type: 'string' }] },
    { type: 'string', enum: [{}, 1, 1], default: 7 },
    schemaNest(80),
    { anyOf: Array.from({ length: 50 }, () => ({ type: 'string' })) },
    { type: 'object', 'x-kubernetes-validations': [{ rule: expression(random, 4), messageExpression: expression(random, 2) }] },
    { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.matches("(a*)*b")', fieldPath: '.x' }] },
    { type: 'integer', minimum: 'one', multipleOf: 0 },
    { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'string' } },
    { type: 'object', additionalProperties: true, properties: { a: {} } },
  ];
  return random.int(2) ? one(random, values) : one(random, schemas);
}

/** Puts something odd in place of any part. */
function spoiled<T>(value: T, random: Random): T {
  const copy = structuredClone(value) as object;
  for (let left = 1 + random.int(3); left > 0; left--) {
    let at = copy as Record<string, unknown>;
    for (;;) {
      const name = one(random, Object.keys(at));
      const next = at[name];
      if (typeof next === 'object' && next !== null && Object.keys(next).length > 0 && random.int(10) > 0) {
        at = next as Record<string, unknown>;
        continue;
      }
      if (random.int(8) > 0) at[name] = odd(random);
      else if (Array.isArray(at)) at.splice(Number(name), 1);
      else delete at[name];
      if (Object.keys(copy).length === 0) return copy as T;
      break;
    }
  }
  return copy as T;
}

const spec = {
  type: 'object',
  required: ['text'],
  properties: {
    text: { type: 'string', pattern: '^[a-z]*$', maxLength: 20 },
    number: { type: 'integer', minimum: 0, default: 1 },
    list: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 }, 'x-kubernetes-list-type': 'set' },
    items: {
      type: 'array',
      maxItems: 10,
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string', maxLength: 10 }, n: { type: 'integer' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
    map: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 10 } },
    either: { 'x-kubernetes-int-or-string': true },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
  'x-kubernetes-validations': [{ rule: 'self.text != "" && (!has(self.items) || self.items.all(i, i.n > 0))', message: 'text' }],
};

function definition(plural: string, kind: string): KubeObject {
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions: [version] },
  } as KubeObject;
}

/** As requests find the kind: with checks of expressions. */
const definitions = () => ({
  ...callFor(CustomResourceDefinition),
  kind: server.kinds.require('apiextensions.k8s.io', 'v1', 'customresourcedefinitions'),
});

interface Slowest {
  ms: number;
  what: unknown;
}

/** In processor time, which does not depend on what else the machine does. */
async function each(random: Random, make: () => unknown, work: (what: unknown) => unknown): Promise<Slowest> {
  let slowest: Slowest = { ms: 0, what: undefined };
  for (let i = 0; i < count; i++) {
    const what = make();
    const before = process.cpuUsage();
    await work(what);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1_000;
    if (ms > slowest.ms) slowest = { ms, what };
  }
  random.next();
  return slowest;
}

function tell(title: string, { ms, what }: Slowest): void {
  if (process.env.BERTH_MALFORMED) console.info(`${title}: the slowest took ${ms.toFixed(1)} ms: ${JSON.stringify(what)?.slice(0, 500)}`);
}

/** @returns the code, 200 for what was taken */
async function answerOf(act: () => Promise<unknown>): Promise<number> {
  try {
    await act();
    return 200;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    expect(error.code).toBeGreaterThanOrEqual(400);
    expect(error.code).toBeLessThan(500);
    const causes = error.status.details?.causes ?? [];
    if (error.code === 422) expect(causes.length).toBeGreaterThan(0);
    for (const { field } of causes) expect(field).toBeTruthy();
    return error.code;
  }
}

describe(`of ${count} malformed ones (seed ${seed})`, () => {
  test('every definition is answered, and most are refused with their place', async () => {
    const random = seededRandom(seed);
    const codes: number[] = [];
    const good = definition('bads', 'Bad') as KubeObject & { spec: object };
    const slowest = await each(
      random,
      () => (random.int(10) === 0 ? spoiled(good, random) : { ...good, spec: spoiled(good.spec, random) }),
      async (body) => codes.push(await answerOf(() => server.create(definitions(), body, { dryRun: true }))),
    );
    tell('definitions', slowest);
    expect(codes.filter((code) => code === 422).length).toBeGreaterThan(count / 20);
  });

  test('every object is answered, and most are refused with their place', async () => {
    const random = seededRandom(seed + 1);
    await server.create(definitions(), definition('goods', 'Good'));
    await expect.poll(() => server.kinds.resource(group, 'v1', 'goods') !== undefined, { timeout: 30_000 }).toBe(true);
    const call = { user: admin, kind: server.kinds.require(group, 'v1', 'goods'), namespace: 'default' };
    const good = {
      ...{ apiVersion: `${group}/v1`, kind: 'Good', metadata: { name: 'x', labels: { a: 'b' } } },
      spec: { text: 'a', number: 1, list: ['a', 'b'], items: [{ name: 'a', n: 1 }], map: { a: 'b' }, either: 1, free: { a: { b: 1 } } },
    };
    const codes: number[] = [];
    const slowest = await each(
      random,
      () => (random.int(10) === 0 ? spoiled(good, random) : { ...good, spec: spoiled(good.spec, random) }),
      async (body) => codes.push(await answerOf(() => server.create(call, body, { dryRun: true }))),
    );
    tell('objects', slowest);
    expect(codes.filter((code) => code === 422).length).toBeGreaterThan(count / 20);
  });

  test('every expression is refused when it is compiled, or ends within its budget', async () => {
    const random = seededRandom(seed + 2);
    const environment = new ExpressionEnvironment({ self: 'dyn', oldSelf: 'dyn' });
    const values = { self: celValue({ spec: { text: 'aaaa', list: ['a', 'b', 'c'] } }), oldSelf: celValue({}) };
    const outcomes = { refused: 0, failed: 0, evaluated: 0 };
    const slowest = await each(
      random,
      () => expression(random, 5),
      (source) => {
        let isCompiled = false;
        try {
          const compiled = environment.compile(String(source));
          isCompiled = true;
          compiled.evaluate(values, new Budget());
          outcomes.evaluated++;
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error;
          expect(error.message).not.toBe('');
          outcomes[isCompiled ? 'failed' : 'refused']++;
        }
      },
    );
    tell('expressions', slowest);
    for (const times of Object.values(outcomes)) expect(times).toBeGreaterThan(count / 100);
  });
});
