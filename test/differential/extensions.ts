// What `--of extensions` asks: definitions whose schemas have rules, messages and defaults drawn at random, and policies with expressions,
// all as dry runs. A default has to satisfy the rules of its schema, so one request compares what an expression is worth, what it may
// cost at most, and the first place of what is wrong.
import { CustomResourceDefinition, MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { type Random, seededRandom } from '@berth/telemetry';
import { collectionOf, type Scenario, step } from './scenarios.ts';

type Part = Record<string, unknown>;

const one = <T>(random: Random, all: readonly T[]): T => all[random.int(all.length)] as T;

/** Fields by their types, as far as expressions tell these apart. */
const fields: Record<string, { schema: Part; value: unknown }> = {
  text: { schema: { type: 'string', maxLength: 20 }, value: 'abc' },
  number: { schema: { type: 'integer' }, value: 3 },
  ratio: { schema: { type: 'number' }, value: 1.5 },
  flag: { schema: { type: 'boolean' }, value: true },
  at: { schema: { type: 'string', format: 'date-time' }, value: '2026-01-02T03:04:05Z' },
  day: { schema: { type: 'string', format: 'date' }, value: '2026-01-02' },
  wait: { schema: { type: 'string', format: 'duration' }, value: '90m' },
  raw: { schema: { type: 'string', format: 'byte' }, value: 'YWI=' },
  either: { schema: { 'x-kubernetes-int-or-string': true }, value: '50%' },
  list: { schema: { type: 'array', maxItems: 10, items: { type: 'integer' } }, value: [3, 1, 2] },
  set: {
    schema: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 10 }, 'x-kubernetes-list-type': 'set' },
    value: ['b', 'a'],
  },
  map: { schema: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 10 } }, value: { k: 'v' } },
  'a-b': { schema: { type: 'string', maxLength: 10 }, value: 'dash' },
};

/** Expressions of a type; a `$type` in one stands for another of that type. */
const grammar: Record<string, readonly string[]> = {
  bool: [
    ...['true', 'self.flag', '!$bool', '$bool && $bool', '$bool || $bool', '$bool ? $bool : $bool', '$int < $int', '$int == $int'],
    ...['$double >= $double', '$string == $string', '$string != $string', '$string.startsWith($string)', '$string.contains($string)'],
    ...["$string.matches('^[a-c]+$')", '$strings.exists(s, s == $string)', '$ints.all(i, i > $int)', '$ints.exists_one(i, i == $int)'],
    ...['has(self.text)', 'has(self.missing)', '$string in $strings', '$strings == $strings', '$ints == $ints', '$time > $time'],
    ...[
      '$duration < $duration',
      "self.raw == b'ab'",
      "self.either == '50%'",
      'self.either == 1',
      '$map.all(k, v, v != k)',
      '$ints.isSorted()',
    ],
    ...['$ints.all(i, v, v > i)', '$strings.exists(i, v, v == $string)', 'sets.contains($strings, $strings)', 'oldSelf.number == $int'],
    ...[
      "quantity('1Gi').isGreaterThan(quantity('500Mi'))",
      "ip('127.0.0.1').isLoopback()",
      'isURL($string)',
      "self.?text.orValue('') == $string",
    ],
    ...[
      'format.dns1123Label().validate($string).hasValue()',
      'self.missing == 1',
      '$int + $string == 1',
      '$int',
      'self.text.size() > ',
      '$list2.size() > 0',
    ],
    ...['self.map["k"] == $string', 'type($int) == int', '$strings.map(s, s.size()).sum() > $int', 'cel.bind(x, $int, x > 1 && x < 5)'],
  ],
  int: [
    '1',
    '-2',
    'self.number',
    '$int + $int',
    '$int * $int',
    '$int / $int',
    '$int % $int',
    'size($string)',
    '$strings.size()',
    '$ints[0]',
    '$ints[7]',
  ],
  double: ['1.5', 'self.ratio', '$double + $double', 'double($int)', '$double / $double'],
  string: [
    "'a'",
    "'ü'",
    'self.text',
    'self.a__dash__b',
    '$string + $string',
    'string($int)',
    '$string.lowerAscii()',
    '$strings.join()',
    '$string.substring(1)',
  ],
  strings: [
    'self.set',
    "['a', 'b']",
    '$strings + $strings',
    "$string.split('')",
    '$strings.filter(s, s != $string)',
    '$map.transformList(k, v, v)',
  ],
  ints: [
    'self.list',
    '[1, 2]',
    '$ints + $ints',
    '$ints.map(i, i * 2)',
    '$ints.filter(i, i > 1)',
    'lists.range(3)',
    '$ints.sort()',
    '$ints.distinct()',
    '$ints.reverse()',
    '$ints.slice(0, 1)',
  ],
  time: ['self.at', 'self.day', "timestamp('2026-01-01T00:00:00Z')", '$time + $duration'],
  duration: ['self.wait', "duration('1h')", '$time - $time'],
  map: ['self.map', "{'x': 'y'}", '$map.transformMap(k, v, v + k)'],
  list2: ['[[1], [2]]', '[$ints, $ints]'],
};

function expression(type: string, random: Random, depth: number): string {
  const forms = grammar[type] ?? ['null'];
  const chosen = depth > 0 ? one(random, forms) : (forms.find((form) => !form.includes('$')) ?? 'null');
  return chosen.replaceAll(/\$([a-z0-9]+)/g, (_, inner: string) => {
    const text = expression(inner, random, depth - 1);
    return /^[\w.']+$/.test(text) ? text : `(${text})`;
  });
}

function rule(random: Random): Part {
  const text = random.int(4);
  return {
    rule: expression('bool', random, 1 + random.int(4)),
    ...(text === 0 && { message: 'not so' }),
    ...(text === 1 && { messageExpression: expression(one(random, ['string', 'string', 'string', 'int']), random, 2) }),
    ...(random.int(6) === 0 && { reason: one(random, ['FieldValueForbidden', 'FieldValueDuplicate', 'FieldValueRequired', 'Odd']) }),
    ...(random.int(8) === 0 && { fieldPath: one(random, ['.text', '.number', ".map['k']", '.none']) }),
    ...(random.int(8) === 0 && { optionalOldSelf: random.int(2) === 0 }),
  };
}

function spec(random: Random): Part {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, { ...schema }]));
  // Without bounds, what expressions may cost is much.
  if (random.int(4) === 0)
    for (const schema of Object.values(properties)) for (const bound of ['maxLength', 'maxItems', 'maxProperties']) delete schema[bound];
  const rules = Array.from({ length: 1 + random.int(3) }, () => rule(random));
  const preset = Object.fromEntries(Object.entries(fields).flatMap(([name, { value }]) => (random.int(12) === 0 ? [] : [[name, value]])));
  return { type: 'object', properties, 'x-kubernetes-validations': rules, ...(random.int(5) > 0 && { default: preset }) };
}

function definition(number: number, random: Random): Part {
  const plural = `x${number}s`;
  const inner = spec(random);
  const held = random.int(5) === 0 ? { type: 'array', maxItems: 5, items: { ...inner, default: undefined } } : inner;
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: held } } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.extensions.example.com` },
    spec: { group: 'extensions.example.com', scope: 'Namespaced', names: { plural, kind: `X${number}` }, versions: [version] },
  };
}

function policy(number: number, random: Random): Part {
  const of = (type: string) => expression(type, random, 1 + random.int(3)).replaceAll(/\b(self|oldSelf)\b/g, 'object');
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: `x${number}` },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
      },
      variables: random.int(2) ? [{ name: 'v', expression: of(one(random, ['int', 'string', 'bool'])) }] : [],
      matchConditions: random.int(2) ? [{ name: 'c', expression: of('bool') }] : [],
      validations: [{ expression: of('bool'), ...(random.int(2) && { messageExpression: of(one(random, ['string', 'int'])) }) }],
      auditAnnotations: random.int(3) ? [] : [{ key: 'k', valueExpression: of('string') }],
    },
  };
}

/** What mutations spell out; `$type` stands for an expression. */
const configurations = [
  ...['Object{}', 'Object{spec: Object.spec{replicas: $int}}', 'Object{metadata: Object.metadata{labels: {"a": $string}}}', '$string'],
  ...['Object{a: [$int, $int]}', '$bool ? Object{} : Object{a: $string}', 'Object.spec{a: $int}', 'Object{?a: object.?b, ?c: $int}'],
  ...[
    'Object{a: {?"k": object.?b}}',
    'Object{a: [?object.?b]}',
    'Object{a: Other{}}',
    '$bool ? Object{} : Object.a{}',
    'Object{a: $strings}',
  ],
];
const operations = [
  ...['[]', '[JSONPatch{op: "add", path: "/a", value: $int}]', '$bool ? [] : [JSONPatch{op: $string}]', '[JSONPatch{path: $int}]'],
  ...['$strings.map(s, JSONPatch{op: "remove", path: "/" + jsonpatch.escapeKey(s)})', '[JSONPatch{opp: $string}]', '[Object{a: $int}]'],
  ...['[JSONPatch{value: Object.spec{a: $string}}] + []', '[JSONPatch{op: jsonpatch.escapeKey($int)}]', '[?object.?x]', '$ints'],
];

function mutatingPolicy(number: number, random: Random): Part {
  const drawn = (all: readonly string[]) =>
    one(random, all)
      .replaceAll(/\$(\w+)/g, (_, type: string) => expression(type, random, 1 + random.int(2)))
      .replaceAll(/\b(self|oldSelf)\b/g, 'object');
  const mutation = random.int(2)
    ? { patchType: 'JSONPatch', jsonPatch: { expression: drawn(operations) } }
    : { patchType: 'ApplyConfiguration', applyConfiguration: { expression: drawn(configurations) } };
  const { spec } = policy(number, random) as { spec: Part };
  const { matchConstraints, variables, matchConditions } = spec;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: `x${number}` },
    spec: { matchConstraints, variables, matchConditions, mutations: [mutation], reinvocationPolicy: 'Never' },
  };
}

/** One request: each depends on the seed and its number alone. */
export function extensionScenario(seed: number, number: number): Scenario {
  const random = seededRandom(Math.imul(seed, 1_000_003) + number);
  // The seeds of neighbours resemble each other at first.
  for (let i = 0; i < 5; i++) random.next();
  const isPolicy = random.int(5) === 0;
  const changes = isPolicy && random.int(2) === 0;
  const policies = changes ? MutatingAdmissionPolicy : ValidatingAdmissionPolicy;
  const kind = (isPolicy ? policies : CustomResourceDefinition) as unknown as KindDefinition;
  const body = isPolicy ? (changes ? mutatingPolicy : policy)(number, random) : definition(number, random);
  return { number, kind, steps: [step('create extension', { method: 'POST', path: `${collectionOf(kind)}?dryRun=All`, body })] };
}
