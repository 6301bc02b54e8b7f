// Objects of a kind that a definition brings: written as its schema says and otherwise, pruned, defaulted, validated, patched and
// applied by both servers. The definition comes first; both serve its kind by the time that the next request is sent.
import { isRecord } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import type { Request } from './api-server.ts';
import { create, query, type Scene, type Step, step } from './scenarios.ts';

type Fields = Record<string, unknown>;

interface Version {
  name: string;
  schema?: { openAPIV3Schema?: Fields };
  subresources?: { status?: object; scale?: object };
}
interface Spec {
  group: string;
  scope: string;
  names: { plural: string; kind: string };
  versions: Version[];
}

const odd: unknown[] = [
  '',
  'a',
  'aa',
  'x y',
  'ü',
  '2020-01-02T03:04:05Z',
  '50%',
  0,
  1,
  7,
  -1,
  0.5,
  101,
  2 ** 40,
  true,
  null,
  {},
  [],
  ['a', 'a'],
  { a: 1 },
];
const types = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

export function customSteps(scene: Scene): Step[] {
  const { random } = scene;
  const { spec } = scene.object as unknown as { spec: Spec };
  const version = spec.versions[random.int(spec.versions.length)] as Version;
  const place = spec.scope === 'Namespaced' ? '/namespaces/differential' : '';
  const collection = `/apis/${spec.group}/${version.name}${place}/${spec.names.plural}`;
  const schema = version.schema?.openAPIV3Schema ?? {};
  const identity = { apiVersion: `${spec.group}/${version.name}`, kind: spec.names.kind };
  const steps = [create(scene)];
  for (let number = 0; number < 3; number++) {
    const name = `o${number}`;
    const object = { ...(value(schema, random, 0) as Fields), ...identity, metadata: { name, labels: { a: 'b' } } };
    steps.push(step('custom create', { method: 'POST', path: `${collection}${query(validation(random))}`, body: object }));
    steps.push(...changes(scene, version, `${collection}/${name}`, object));
  }
  steps.push(step('custom list', { method: 'GET', path: collection }));
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  steps.push(step('custom table', { method: 'GET', path: collection, accept: table }));
  return steps;
}

function validation(random: Random): string {
  return ['', 'fieldValidation=Strict', 'fieldValidation=Warn', 'fieldValidation=Ignore'][random.int(4)] ?? '';
}

function changes({ random }: Scene, version: Version, path: string, object: Fields): Step[] {
  const schema = version.schema?.openAPIV3Schema ?? {};
  const next = () => value(schema, random, 0) as Fields;
  const patch = (verb: string, type: keyof typeof types, body: unknown, ...options: string[]) =>
    step(verb, { method: 'PATCH', path: `${path}${query(validation(random), ...options)}`, body, contentType: types[type] });
  const plans: (() => Step)[] = [
    () => patch('custom merge', 'merge', { spec: next().spec ?? null }),
    () => patch('custom json', 'json', [{ op: 'add', path: '/spec/schedule', value: odd[random.int(odd.length)] }]),
    () => patch('custom apply', 'apply', { ...object, ...next() }, 'fieldManager=two', random.int(2) ? 'force=true' : ''),
    () => put('custom update', path, (previous) => ({ ...previous, spec: next().spec })),
  ];
  if (version.subresources?.status) plans.push(() => put('custom status', `${path}/status`, (previous) => ({ ...previous, ...next() })));
  if (version.subresources?.scale) {
    plans.push(() => {
      const body = { spec: { replicas: [0, 3, -1, 1000][random.int(4)] } };
      return step('custom scale', { method: 'PATCH', path: `${path}/scale`, body, contentType: types.merge });
    });
  }
  const chosen = plans[random.int(plans.length)] as () => Step;
  return [chosen(), step('custom get', { method: 'GET', path })];
}

function put(verb: string, path: string, body: (previous: Fields) => Fields): Step {
  // Drawn once, for both servers.
  const change = body({});
  return {
    verb,
    request: (previous): Request => ({ method: 'PUT', path, body: { ...previous, ...change } }),
  };
}

/** What the schema asks for, most of the time. */
function value(schema: Fields, random: Random, depth: number): unknown {
  if (random.int(14) === 0 && depth > 1) return structuredClone(odd[random.int(odd.length)]);
  const { type, properties, items, additionalProperties } = schema;
  const choices = schema.enum;
  if (Array.isArray(choices) && random.int(6) > 0) return choices[random.int(choices.length)];
  if (schema['x-kubernetes-int-or-string']) return [1, '50%', '7', 'x'][random.int(4)];
  if (type === 'array') return Array.from({ length: random.int(3) }, () => value(isRecord(items) ? items : {}, random, depth + 1));
  if (type === 'integer') return [0, 1, 7, 100, 101, -1, 2 ** 31][random.int(7)];
  if (type === 'number') return [0, 0.5, 1, 1.25, -1][random.int(5)];
  if (type === 'boolean') return random.int(2) === 0;
  if (type === 'string') return ['a', 'aa', '', '*/5', 'x'.repeat(65), '2020-01-02T03:04:05Z'][random.int(6)];
  return object(isRecord(properties) ? properties : {}, additionalProperties, schema, random, depth);
}

function object(properties: Fields, additional: unknown, schema: Fields, random: Random, depth: number): Fields {
  const made: Fields = {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const [name, inner] of Object.entries(properties)) {
    if (depth === 0 && name === 'metadata') continue;
    const wanted = depth === 0 || (required.includes(name) ? random.int(10) > 0 : random.int(5) < 2);
    if (wanted) made[name] = value(isRecord(inner) ? inner : {}, random, depth + 1);
  }
  if (isRecord(additional)) made.b = value(additional, random, depth + 1);
  if (schema['x-kubernetes-embedded-resource']) Object.assign(made, { apiVersion: 'v1', kind: 'Pod', extra: { a: 1 } });
  if (random.int(6) === 0) made.unknown = odd[random.int(odd.length)];
  return made;
}
