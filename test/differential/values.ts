// Values for fields, by type and name: what a user might write there, and what nobody should.
import type { MessageSchema, ScalarType, TypeSchema } from '@berth/machinery';
import type { Random } from '@berth/telemetry';

const depthMax = 7;

const numbers = [-1, 0, 1, 2, 3, 7, 10, 80, 100, 101, 443, 600, 1000, 30080, 65535, 65536, 70000, 2147483647];
const texts = [
  '',
  'web',
  'a',
  'a-b',
  'A_b',
  '-a',
  'a.b',
  'a b',
  'ü',
  'web/x',
  'example.com/x',
  'example.com',
  'x'.repeat(64),
  'y'.repeat(254),
  '1',
  'true',
  '*',
  '..',
  '/',
  '/a/../b',
  '0abc',
  'a--b',
];
const quantities = ['0', '1', '-1', '500m', '1Gi', '1.5', '2e3', 'x', '', '100Mi', '1n', '0.5m', '12345678901234567890', '1.5Gi', '2k'];

/** By what a field's name ends with, in lower case. */
const byName: [RegExp, unknown[]][] = [
  [
    /(^|[a-z])ips?$|address(es)?$/i,
    ['10.1.2.3', '1.2.3.4', '::1', 'fd00::1', '256.1.1.1', '01.2.3.4', '127.0.0.1', '169.254.1.1', '0.0.0.0', '224.0.0.1', 'x', ''],
  ],
  [
    /cidrs?$|sourceranges$|except$/i,
    ['10.0.0.0/8', '10.1.0.0/16', '10.0.0.1/8', 'fd00::/8', '::/0', '0.0.0.0/0', '010.0.0.0/8', '10.0.0.0/33', '10.0.0.0', 'x'],
  ],
  [/quantity|capacity|^(cpu|memory|storage)$/i, quantities],
  [
    /^(mountPath|path|subPath|devicePath|workingDir)$/i,
    ['/', '/a', '/a/b', 'a/b', '..', '/a/..', '../a', 'a:b', '', './a', '/dev/x', '/metrics?x'],
  ],
  [/^image$/, ['nginx', 'nginx:1', ' nginx', 'nginx ', '', 'a/b/c@sha256:00']],
  [/schedule$/i, ['@hourly', '* * * * *', '*/5 * * *', 'TZ=UTC * * * * *', '0 0 31 2 *', 'x', '60 * * * *', '@every 1s']],
  [/timezone$/i, ['UTC', 'Europe/Berlin', 'Local', 'x', '']],
  [/host(name)?s?$/i, ['web', 'a.example.com', '*.example.com', 'A.b', '1.2.3.4', '*', 'x'.repeat(64), '']],
  [/url$/i, ['https://a.example.com', 'http://a', 'https://a/b?c', 'x', 'https://u:p@a/', '']],
  [/expression$/i, ['true', 'object.metadata.name == "a"', '1', 'x ==', 'object.spec.replicas > 1', 'variables.a', '']],
  [/(max|min)(surge|unavailable|available)$/i, [0, 1, -1, '25%', '0%', '101%', 'x', '', '10', '-5%']],
  [/port$/i, [0, 1, 80, 443, 65535, 65536, -1, 'http', 'HTTP', 'a--b', '', 'x'.repeat(16), '1']],
  [/operator$/i, ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Equal', 'in', '']],
  [/effect$/i, ['NoSchedule', 'PreferNoSchedule', 'NoExecute', 'x', '']],
  [
    /policy$|type$|mode$|scope$/i,
    [
      'Always',
      'Never',
      'OnFailure',
      'IfNotPresent',
      'Local',
      'Cluster',
      'ClusterIP',
      'NodePort',
      'LoadBalancer',
      'ExternalName',
      'Recreate',
      'RollingUpdate',
      'OnDelete',
      'Parallel',
      'RuntimeDefault',
      'Localhost',
      'Unconfined',
      'Ingress',
      'Egress',
      'Block',
      'Directory',
      'None',
      'Default',
      'ClusterFirst',
      'Orphan',
      'x',
      '',
    ],
  ],
  [/^protocol$/i, ['TCP', 'UDP', 'SCTP', 'tcp', 'x', '']],
  [/mode$/i, [0, 420, 511, 512, -1]],
  [/verbs$/i, ['get', 'list', '*', 'GET', '']],
  [/groups$/i, ['', 'apps', '*', 'example.com']],
  [/resources$/i, ['pods', 'pods/status', '*', '*/*', 'pods/*', '']],
  [/operations$/i, ['CREATE', 'UPDATE', 'DELETE', 'CONNECT', '*', 'create']],
  [/accessmodes$/i, ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod', 'x']],
  [/finalizers$/i, ['a', 'example.com/a', 'kubernetes', 'foregroundDeletion', 'orphan', 'A b', '']],
  [/(class|claim)name$/i, ['web', 'a.b', 'A_b', '', '-a', 'x'.repeat(254)]],
  [/apiversion$/i, ['v1', 'apps/v1', 'a/b/c', '', 'x']],
  [/^kind$/i, ['Pod', 'Deployment', 'Node', 'User', 'Group', 'ServiceAccount', 'Role', 'ClusterRole', 'x', '']],
  [/^topologyKey$/i, ['kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'a b', '']],
  [/^level$/i, ['s0:c1', 'x', '']],
];

function choose<T>(values: readonly T[], random: Random): T {
  return values[random.int(values.length)] as T;
}

/** A scalar that differs from what is there, most of the time; for other types, what `invented` makes. */
export function oddValue(type: TypeSchema, name: string, random: Random, present?: unknown, values?: string[]): unknown {
  if (type.kind !== 'scalar') return random.int(4) === 0 ? wrongType(type, random) : invented(type, name, random, depthMax - 2);
  if (values && random.int(5) > 0) return choose([...values, 'Bogus', ''], random);
  if (typeof present === 'string' && random.int(8) === 0) return `${present}${choose(['', ' ', '_', 'X', '/x', '.'], random)}`;
  const named = random.int(4) > 0 ? byName.find(([pattern]) => pattern.test(name)) : undefined;
  if (named) {
    const fitting = named[1].filter((value) => fits(type.scalar, value));
    if (fitting.length > 0) return choose(fitting, random);
  }
  return scalar(type.scalar, random);
}

function fits(type: ScalarType, value: unknown): boolean {
  if (type === 'IntOrString') return true;
  if (type === 'string' || type === 'Quantity') return typeof value === 'string';
  return ['int32', 'int64', 'double'].includes(type) && typeof value === 'number';
}

function scalar(type: ScalarType, random: Random): unknown {
  switch (type) {
    case 'bool':
      return random.int(2) === 0;
    case 'int32':
    case 'double':
      return choose(numbers, random);
    case 'int64':
      return choose([...numbers, 4294967296, 9007199254740991], random);
    case 'IntOrString':
      return choose([0, 1, 80, 'http', '25%', '', -1, 70000, '200%'], random);
    case 'Quantity':
      return choose([...quantities, 1, 0.5, -2], random);
    case 'Time':
      return choose(['2020-01-02T03:04:05Z', '2020-01-02T03:04:05.678Z', '2020-01-02', '', 'x'], random);
    case 'MicroTime':
      return choose(['2020-01-02T03:04:05.000000Z', '2020-01-02T03:04:05Z', 'x'], random);
    case 'bytes':
      return choose(['', 'YQ==', 'e30=', 'not base64', 'YQ'], random);
    case 'string':
      return choose(texts, random);
    default:
      return choose([{}, { a: 1 }, { apiVersion: 'v1', kind: 'Pod' }, 'x', 1], random);
  }
}

export function wrongType(type: TypeSchema, random: Random): unknown {
  const wrong: unknown[] = type.kind === 'list' ? [{}, 'x', 1] : type.kind === 'scalar' ? [{}, [], { a: 1 }] : [[], 'x', 1, true];
  if (type.kind === 'scalar') wrong.push(...(type.scalar === 'string' ? [1, true, 1.5] : ['x', '1', 1.5, true, 1e30]));
  return choose(wrong, random);
}

/** A value for a field that has none: required parts are there, some of the others, and most of it is plausible. */
export function invented(type: TypeSchema, name: string, random: Random, depth: number, values?: string[]): unknown {
  if (type.kind === 'list') return Array.from({ length: 1 + random.int(2) }, () => invented(type.of, name, random, depth + 1, values));
  if (type.kind === 'map') return inventedMap(type.of, name, random, depth);
  if (type.kind === 'message') return message(type.message, random, depth);
  return values && random.int(6) > 0 ? choose(values, random) : oddValue(type, name, random, undefined, values);
}

function inventedMap(of: TypeSchema, name: string, random: Random, depth: number): Record<string, unknown> {
  const resources = of.kind === 'scalar' && of.scalar === 'Quantity';
  const keys = resources
    ? ['cpu', 'memory', 'ephemeral-storage', 'hugepages-2Mi', 'example.com/gpu', 'storage', 'pods', 'requests.cpu', 'bogus', 'a/b/c']
    : ['app', 'a', 'example.com/x', 'kubernetes.io/x', 'A_b', 'a b', '-a', ''];
  const count = 1 + random.int(2);
  return Object.fromEntries(Array.from({ length: count }, () => [choose(keys, random), invented(of, name, random, depth + 1)]));
}

function message(schema: MessageSchema, random: Random, depth: number): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  const names = [...schema.byName.keys()];
  const likely = Math.max(1, Math.min(4, names.length)) / Math.max(1, names.length);
  for (const [name, field] of schema.byName) {
    const wanted = field.required ? random.int(12) > 0 : depth < depthMax && random.next() < likely;
    if (wanted && depth < depthMax + 3) made[name] = invented(field.schema, name, random, depth + 1, field.enum);
  }
  return made;
}
