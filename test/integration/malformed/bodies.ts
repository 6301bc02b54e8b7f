// Bodies that are wrong by construction, each in a way of its own: whatever answers with success has overlooked something.
import { ConfigMap, Deployment, Pod } from '@berth/api';
import { encodeProtobuf, encodeUnknownEnvelope, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { Random } from '@berth/telemetry';

export const json = 'application/json';
export const yaml = 'application/yaml';
export const protobuf = 'application/vnd.kubernetes.protobuf';

export interface Body {
  what: string;
  type: string;
  bytes: Buffer;
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.int(items.length)] as T;
}

export const targets = [
  { kind: Pod, path: '/api/v1/namespaces/default/pods' },
  { kind: Deployment, path: '/apis/apps/v1/namespaces/default/deployments' },
  { kind: ConfigMap, path: '/api/v1/namespaces/default/configmaps' },
] as unknown as { kind: KindDefinition; path: string }[];
export type Target = (typeof targets)[number];

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'registry.local/web:1' }] } };

/** A sound object, to be spoiled. */
export function sound({ kind }: Target, random: Random): KubeObject {
  const metadata = { name: `web-${random.suffix(6)}`, namespace: 'default', labels: { app: 'web' } };
  const apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
  const rest = {
    Pod: { spec: template.spec },
    Deployment: { spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template } },
    ConfigMap: { data: { key: 'value' } },
  }[kind.kind];
  return { apiVersion, kind: kind.kind, metadata, ...rest } as KubeObject;
}

const text = (object: unknown) => JSON.stringify(object);
const body = (what: string, type: string, bytes: Buffer | string): Body => ({ what, type, bytes: Buffer.from(bytes) });

/** A proper beginning of a JSON object is never one. */
function truncated(target: Target, random: Random): Body {
  const whole = text(sound(target, random));
  return body('JSON cut off', json, whole.slice(0, 1 + random.int(whole.length - 1)));
}

const garbage = ['}', ']', ',', ':', '{{', '"', "'", '\\', '\u0000', 'NaN', 'undefined', '//', '\ufeff{', '-', '1e', '\\u12', 'tru'];

function stained(target: Target, random: Random): Body {
  return body('JSON with garbage behind', json, text(sound(target, random)) + pick(random, garbage));
}

const notObjects = [
  'null',
  '[]',
  '"text"',
  '7',
  'true',
  '[{}]',
  '',
  ' ',
  '{}',
  '{"kind":7}',
  '{"metadata":[]}',
  '{"metadata":{"name":{}}}',
];

function notAnObject(_target: Target, random: Random): Body {
  return body('JSON that is no object of the kind', json, pick(random, notObjects));
}

function deep(_target: Target, random: Random): Body {
  const depth = 2_000 + random.int(400_000);
  const [open, close] = pick(random, [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const);
  const inner = `${open.repeat(depth)}1${close.repeat(depth)}`;
  return body('deep nesting', json, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":${inner}}`.slice(0, 3_000_000));
}

const poisons = [
  '{"__proto__":{"polluted":true}}',
  '{"metadata":{"name":"a","__proto__":{"polluted":true}}}',
  '{"metadata":{"name":"a","labels":{"__proto__":"x"}}}',
  '{"metadata":{"name":"a","annotations":{"__proto__":{"x":1}}}}',
  '{"metadata":{"name":"constructor/prototype"}}',
  '{"metadata":{"name":"__proto__"}}',
];

function poisoned(_target: Target, random: Random): Body {
  return body('__proto__', json, pick(random, poisons));
}

const wrongTypes: ((object: Record<string, unknown>) => void)[] = [
  (object) => (object.metadata = 'x'),
  (object) => (object.metadata = { name: 7 }),
  (object) => (object.metadata = { name: 'a', labels: [] }),
  (object) => (object.metadata = { name: 'a', labels: { a: 1 } }),
  (object) => (object.metadata = { name: 'UPPER' }),
  (object) => (object.metadata = { name: 'a'.repeat(300) }),
  (object) => (object.metadata = { name: 'a', namespace: 'elsewhere' }),
  (object) => (object.metadata = { name: 'a', labels: { 'a b': 'c' } }),
  (object) => (object.metadata = { name: 'a', finalizers: ['no domain!'] }),
  (object) => (object.metadata = { name: 'a', ownerReferences: [{}] }),
  (object) => (object.metadata = {}),
  (object) => (object.apiVersion = 'v9'),
  (object) => (object.kind = 'Unknown'),
  (object) => (object.spec = 7),
  (object) => (object.data = 7),
];

function wrong(target: Target, random: Random): Body {
  const object = sound(target, random) as unknown as Record<string, unknown>;
  const usable = wrongTypes.slice(0, -2);
  const spoil = pick(
    random,
    target.kind.kind === 'ConfigMap' ? [...usable, ...wrongTypes.slice(-1)] : [...usable, ...wrongTypes.slice(-2, -1)],
  );
  spoil(object);
  return body('wrong types or values', pick(random, [json, yaml]), text(object));
}

/** Each level holds the one below nine times. */
function aliasBomb(_target: Target, random: Random): Body {
  const levels = 8 + random.int(20);
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < levels; level++)
    lines.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return body('a bomb of aliases', yaml, `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n${lines.join('\n')}\n`);
}

const brokenYaml = [
  'a: b: c',
  '\t- x',
  'key: [unclosed',
  '"unclosed',
  '&a *b',
  '*unknown',
  '%YAML 9.9\n---\n!!binary x: [',
  'a: 1\na: 2',
  '- - - - :',
  '{a: {b: {c: ',
  '!!js/function "x"',
  '---\na: 1\n---\nb: 2',
  '? ? ? ?',
  '<<: *x',
];

function badYaml(_target: Target, random: Random): Body {
  return body('broken YAML', yaml, pick(random, brokenYaml));
}

function deepYaml(_target: Target, random: Random): Body {
  return body('deep YAML', yaml, `metadata: ${'['.repeat(1_000 + random.int(20_000))}`);
}

function large(_target: Target, random: Random): Body {
  const size = 3 * 1024 * 1024 + random.int(1024 * 1024);
  return body('more than 3 MiB', pick(random, [json, yaml, protobuf]), `{"data":{"a":"${'x'.repeat(size)}"}}`);
}

/** Below the body's limit, above what an object of the kind may be. */
function heavy(_target: Target, random: Random): Body {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: { a: 'x'.repeat(1_100_000 + random.int(1_500_000)) },
  };
  return body('an object that is too large', json, text(object));
}

/** What YAML may be full of: few values to a line or many, in few bytes or in many. */
export const yamlLines: ((line: number) => string)[] = [
  (line) => `key-${line}: some value of line ${line}`,
  (line) => `key-${line}: ${'value '.repeat(7)}`,
  () => '- a',
  () => '- - - - a',
  () => '- {a: 1, b: [c]}',
];

/** A ConfigMap with a field that it does not have, of so many bytes. */
export function yamlOf(name: string, line: (index: number) => string, bytes: number): string {
  const lines = [`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\nmore:`];
  for (let left = bytes - 1_000; left > 0; left -= (lines.at(-1)?.length ?? 0) + 1) lines.push(`  ${line(lines.length)}`);
  return `${lines.join('\n')}\n`;
}

/** One object of hundreds of thousands of members, which JSON takes as long to read. */
export const yamlSet = (line: number) => `? k${line}`;

/** As much YAML as there may be, with something wrong at its very end. */
function heavyYaml(_target: Target, random: Random): Body {
  return body('a lot of YAML', yaml, `${yamlOf('a', pick(random, [...yamlLines, yamlSet]), 300_000 + random.int(2_700_000))}broken: [\n`);
}

function badProtobuf(target: Target, random: Random): Body {
  const { kind } = target;
  const object = sound(target, random);
  const raw = encodeProtobuf(kind.schema, { ...object });
  const whole = Buffer.from(encodeUnknownEnvelope(object.apiVersion ?? '', object.kind ?? '', raw));
  const ways: (() => Buffer)[] = [
    () => whole.subarray(4),
    () => Buffer.concat([Buffer.from('k8s\u0001'), whole.subarray(4)]),
    () => whole.subarray(0, 4 + random.int(8)),
    () => Buffer.from(encodeUnknownEnvelope('v1', 'Nonsense', raw)),
    // Wire type 7 does not exist; a length beyond the end; a varint without end; a group without end.
    () => Buffer.from(encodeUnknownEnvelope(object.apiVersion ?? '', object.kind ?? '', Uint8Array.of(0x0f, 1, 2))),
    () => Buffer.from(encodeUnknownEnvelope(object.apiVersion ?? '', object.kind ?? '', Uint8Array.of(0x0a, 0xff, 0xff, 0x7f))),
    () => Buffer.from(encodeUnknownEnvelope(object.apiVersion ?? '', object.kind ?? '', new Uint8Array(20).fill(0xff))),
    () => Buffer.from(encodeUnknownEnvelope(object.apiVersion ?? '', object.kind ?? '', Uint8Array.of(0x0b))),
    () => Buffer.from(Array.from({ length: 1 + random.int(200) }, () => random.int(256))),
  ];
  return { what: 'broken protobuf', type: protobuf, bytes: pick(random, ways)() };
}

/** Which ways there are, and how often each is taken. */
const ways: [weight: number, way: (target: Target, random: Random) => Body][] = [
  [20, truncated],
  [15, stained],
  [15, notAnObject],
  [2, deep],
  [8, poisoned],
  [20, wrong],
  [4, aliasBomb],
  [10, badYaml],
  [1, deepYaml],
  [0.3, large],
  [0.3, heavy],
  [0.3, heavyYaml],
  [15, badProtobuf],
];

export function brokenBody(target: Target, random: Random): Body {
  const total = ways.reduce((sum, [weight]) => sum + weight, 0);
  let at = random.next() * total;
  for (const [weight, way] of ways) {
    at -= weight;
    if (at < 0) return way(target, random);
  }
  return truncated(target, random);
}
