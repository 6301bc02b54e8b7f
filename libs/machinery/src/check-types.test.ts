// What a client may send under a schema: wrong types are named as Go names them, the rest is as a Go decoder would leave it.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { checkTypes, decisiveProblem } from './check-types.ts';
import { SchemaRegistry } from './schema.ts';

const registry = new SchemaRegistry();
registry.add('core.v1', {
  Pod: { fields: [{ name: 'spec', type: 'core.v1.PodSpec' }] },
  PodSpec: {
    fields: [
      { name: 'containers', type: '[]core.v1.Container' },
      { name: 'count', type: 'int32' },
      { name: 'seconds', type: 'int64' },
      { name: 'isHost', type: 'bool' },
      { name: 'labels', type: 'map:string' },
      { name: 'limits', type: 'map:Quantity' },
      { name: 'port', type: 'IntOrString' },
      { name: 'data', type: 'bytes' },
      { name: 'at', type: 'Time' },
      { name: 'exactly', type: 'MicroTime' },
      { name: 'anything', type: 'RawExtension' },
      { name: 'value', type: 'JSON' },
    ],
  },
  Container: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'args', type: '[]string' },
      { name: 'policy', type: 'string', goType: 'v1.PullPolicy' },
      { name: 'add', type: '[]string', goType: '[]v1.Capability' },
      { name: 'requests', type: 'map:Quantity', goType: 'v1.ResourceList' },
    ],
  },
});
registry.add('go.v1', {
  Thing: {
    fields: [
      { name: 'spec', type: 'go.v1.Spec', omitempty: true },
      { name: 'items', type: '[]go.v1.Spec', omitempty: true },
      { name: 'status', type: 'go.v1.Empty', omitempty: true },
      { name: 'optional', type: 'go.v1.Empty', omitempty: true, pointer: true },
    ],
  },
  Spec: {
    fields: [
      { name: 'text', type: 'string', omitempty: true },
      { name: 'flag', type: 'bool', omitempty: true },
      { name: 'number', type: 'int32', omitempty: true },
      { name: 'list', type: '[]string', omitempty: true },
      { name: 'map', type: 'map:string', omitempty: true },
      { name: 'kept', type: 'string' },
      { name: 'asked', type: 'int32', omitempty: true, pointer: true },
      { name: 'port', type: 'IntOrString', omitempty: true },
      { name: 'at', type: 'Time', omitempty: true },
      { name: 'inner', type: 'go.v1.Inner' },
    ],
  },
  Inner: { fields: [{ name: 'innermost', type: 'go.v1.Empty' }] },
  Empty: { fields: [] },
});
const pod = registry.message('core.v1.Pod');
const checkSpec = (spec: unknown) => checkTypes(pod, { spec });
const unmarshal = (what: string, field: string, type: string) =>
  `json: cannot unmarshal ${what} into Go struct field ${field} of type ${type}`;

it.each([
  [{ count: 'x' }, 'spec.count', unmarshal('string', 'PodSpec.spec.count', 'int32')],
  [{ count: 1.5 }, 'spec.count', unmarshal('number 1.5', 'PodSpec.spec.count', 'int32')],
  [{ count: 2 ** 31 }, 'spec.count', unmarshal('number 2147483648', 'PodSpec.spec.count', 'int32')],
  [{ data: [1, 256] }, 'spec.data', unmarshal('number 256', 'PodSpec.spec.data', 'uint8')],
  [{ data: [1, 'x'] }, 'spec.data', unmarshal('string', 'PodSpec.spec.data', 'uint8')],
  [{ isHost: 1 }, 'spec.isHost', unmarshal('number', 'PodSpec.spec.isHost', 'bool')],
  [{ labels: { a: true } }, 'spec.labels.a', unmarshal('bool', 'PodSpec.spec.labels', 'string')],
  [{ labels: [] }, 'spec.labels', unmarshal('array', 'PodSpec.spec.labels', 'map[string]string')],
  [{ containers: {} }, 'spec.containers', unmarshal('object', 'PodSpec.spec.containers', '[]v1.Container')],
  [{ containers: [{}, 'x'] }, 'spec.containers[1]', unmarshal('string', 'PodSpec.spec.containers', 'v1.Container')],
  [{ containers: [{ args: [1] }] }, 'spec.containers[0].args[0]', unmarshal('number', 'Container.spec.containers.args', 'string')],
  ['x', 'spec', unmarshal('string', 'Pod.spec', 'v1.PodSpec')],
  [{ containers: [{ policy: 1 }] }, 'spec.containers[0].policy', unmarshal('number', 'Container.spec.containers.policy', 'v1.PullPolicy')],
  [{ containers: [{ add: {} }] }, 'spec.containers[0].add', unmarshal('object', 'Container.spec.containers.add', '[]v1.Capability')],
  [{ containers: [{ add: [1] }] }, 'spec.containers[0].add[0]', unmarshal('number', 'Container.spec.containers.add', 'v1.Capability')],
  [
    { containers: [{ requests: 1 }] },
    'spec.containers[0].requests',
    unmarshal('number', 'Container.spec.containers.requests', 'v1.ResourceList'),
  ],
  [{ at: {} }, 'spec.at', unmarshal('object', 'PodSpec.spec.at', 'string')],
  [{ port: true }, 'spec.port', unmarshal('bool', 'PodSpec.spec.port', 'int32')],
])('%j is wrong at %s', (spec, field, detail) => {
  expect(checkSpec(spec).errors).toMatchObject([{ type: 'TypeInvalid', field, value: expect.anything(), detail }]);
});

it('a field of an embedded struct stands behind its name, as Go names it', () => {
  const embedding = new SchemaRegistry();
  embedding.add('core.v1', {
    Volume: { fields: [{ name: '', type: 'core.v1.Source', inline: true }] },
    Source: { fields: [{ name: 'file', type: 'core.v1.File', pointer: true, omitempty: true }] },
    File: { fields: [{ name: 'share', type: 'string' }] },
  });
  const { errors } = checkTypes(embedding.message('core.v1.Volume'), { file: { share: 1 } });
  const detail = 'json: cannot unmarshal number into Go struct field File.Source.file.share of type string';
  expect(errors).toMatchObject([{ field: 'file.share', detail }]);
});

it('a quantity may have spaces around it, and has none then', () => {
  expect(checkSpec({ limits: { cpu: ' 1.5 ' } })).toMatchObject({ value: { spec: { limits: { cpu: '1500m' } } }, errors: [] });
});

it.each([
  [{ limits: { cpu: 'much' } }, 'quantities must match the regular expression'],
  [{ data: 'a?' }, 'illegal base64 data'],
  [{ at: '2026-02-30T00:00:00Z' }, 'day out of range'],
  [{ at: '2026-01-01T24:00:00Z' }, 'hour out of range'],
  [{ at: '2026-01-01 00:00:00' }, 'cannot parse " 00:00:00" as "T"'],
  [{ exactly: '2026-01-01T00:00:00Z' }, 'cannot parse "Z" as ".000000"'],
  [{ port: 2 ** 31 }, 'number 2147483648 into Go struct field PodSpec.spec.port of type int32'],
  [{ limits: { cpu: {} } }, 'quantities must match the regular expression'],
  [{ seconds: 2 ** 60 }, 'int64'],
])('%j is malformed', (spec, detail) => {
  expect(checkSpec(spec).errors).toEqual([expect.objectContaining({ detail: expect.stringContaining(detail) })]);
});

it('takes any JSON for what is decoded by somebody else', () => {
  expect(checkSpec({ anything: 1 })).toMatchObject({ value: { spec: { anything: 1 } }, errors: [] });
});

it.each([
  ['YQ==', undefined],
  ['Y\nQ=\n=\n', undefined],
  ['YQ', 0],
  ['YWJjYQ', 4],
  ['YQ=', 3],
  ['YQ==_', 4],
  ['YQ==YQ==', 4],
  ['YWI=x', 4],
  ['YQ=x', 3],
  ['not base64', 3],
  ['=AAA', 0],
  ['A=AA', 1],
])('stops in base64 %j where Go does', (data, at) => {
  const details = checkSpec({ data }).errors.map(({ detail }) => detail);
  expect(details).toEqual(at === undefined ? [] : [`illegal base64 data at input byte ${at}`]);
});

it('ends with the first error of a type that decodes itself, or else with the first', () => {
  const several = { count: 'x', at: 'x', isHost: 1, limits: { cpu: 'x' } };
  expect(decisiveProblem(checkSpec(several).errors)).toMatchObject({ field: 'spec.at' });
  expect(decisiveProblem(checkSpec({ isHost: 1, count: 'x' }).errors)).toMatchObject({ field: 'spec.isHost' });
  const ordered = (order: 'sorted' | 'schema') => checkTypes(pod, { spec: { isHost: 1, containers: 1, count: 'x', at: 1 } }, { order });
  expect(ordered('sorted').errors.map(({ field }) => field)).toEqual(['spec.at', 'spec.containers', 'spec.count', 'spec.isHost']);
  expect(ordered('schema').errors.map(({ field }) => field)).toEqual(['spec.containers', 'spec.count', 'spec.isHost', 'spec.at']);
});

describe('what is left', () => {
  it('has no unknown fields, which are named with their paths', () => {
    const checked = checkSpec({ containers: [{ name: 'a', imagee: 'x' }], extra: { deep: 1 } });
    expect(checked).toEqual({
      value: { spec: { containers: [{ name: 'a' }] } },
      errors: [],
      unknown: ['spec.containers[0].imagee', 'spec.extra'],
    });
    expect(checkSpec(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, 1]))).unknown).toHaveLength(100);
  });

  it('has no nulls: fields go, elements become zero', () => {
    const spec = { count: null, labels: { a: null }, limits: { cpu: null }, containers: [null, { args: [null, 'x'] }], value: { a: null } };
    expect(checkSpec(spec)).toEqual({
      value: { spec: { labels: { a: '' }, limits: { cpu: '0' }, containers: [{}, { args: ['', 'x'] }], value: { a: null } } },
      errors: [],
      unknown: [],
    });
  });

  it('has nothing empty that Go would leave out, and every struct that it would show', () => {
    const spec = { text: '', flag: false, number: 0, list: [], map: {}, kept: '', asked: 0, port: 0, at: '2026-01-01T00:00:00Z' };
    const goLike = registry.message('go.v1.Thing');
    const given = { spec, items: [{ text: '' }] };
    expect(checkTypes(goLike, given).value).toEqual({
      spec: { kept: '', asked: 0, port: 0, at: '2026-01-01T00:00:00Z', inner: { innermost: {} } },
      items: [{ inner: { innermost: {} } }],
      status: {},
    });
    expect(checkTypes(goLike, given, { asApplied: true }).value).toEqual(given);
  });

  it('has times in UTC', () => {
    const spec = { at: '2026-01-01T01:30:00.75+02:00', exactly: '2026-01-01T02:00:00.123456+02:00' };
    expect(checkSpec(spec).value).toEqual({ spec: { at: '2025-12-31T23:30:00Z', exactly: '2026-01-01T00:00:00.123456Z' } });
  });

  it('takes the days for times that the calendar has, and no others', () => {
    const day = fc
      .tuple(fc.nat(9999), fc.nat(13), fc.nat(32))
      .map((parts) => parts.map((part, i) => String(part).padStart(i ? 2 : 4, '0')));
    fc.assert(
      fc.property(day, fc.constantFrom('Z', '.5Z', '+00:00'), (parts, end) => {
        const date = parts.join('-');
        const instant = new Date(`${date}T00:00:00Z`);
        // The engine takes 30 February for 2 March.
        const isDay = !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(date);
        const { value, errors } = checkSpec({ at: `${date}T01:02:03${end}` });
        expect(errors.length).toBe(isDay ? 0 : 1);
        if (isDay) expect(value).toEqual({ spec: { at: `${date}T01:02:03Z` } });
      }),
      { numRuns: 1_000 },
    );
  });

  it('has quantities in canonical form', () => {
    expect(checkSpec({ limits: { cpu: '1000m', memory: '1024Ki', pods: 0.5 } }).value).toEqual({
      spec: { limits: { cpu: '1', memory: '1Mi', pods: '500m' } },
    });
  });

  test('shares nothing with what was given', () => {
    const spec = { anything: { a: [1] }, value: [{ b: 1 }], labels: { a: 'b' } };
    const { value } = checkSpec(spec);
    expect(value).toEqual({ spec });
    (value.spec as typeof spec).anything.a.push(2);
    expect(spec.anything.a).toEqual([1]);
  });
});

describe('a value that is one thing or another', () => {
  const schemas = new SchemaRegistry();
  schemas.add('j.v1', {
    Schema: {
      fields: [
        { name: 'type', type: 'string', omitempty: true },
        { name: 'items', type: 'JSON|j.v1.Schema|[]j.v1.Schema', pointer: true, omitempty: true },
        { name: 'additional', type: 'JSON|bool|j.v1.Schema', pointer: true, omitempty: true },
        { name: 'needs', type: 'map:JSON|j.v1.Schema|[]string', omitempty: true },
      ],
    },
  });
  const check = (value: unknown) => checkTypes(schemas.message('j.v1.Schema'), value);

  it.each([
    [{ items: { type: 'a', other: 1 } }, { items: { type: 'a' } }],
    [{ items: {} }, { items: {} }],
    [{ items: [{ type: 'a' }, { type: '' }] }, { items: [{ type: 'a' }, {}] }],
    [{ items: [] }, {}],
    [{ items: 'x' }, {}],
    [{ additional: false }, { additional: false }],
    [{ additional: { additional: true } }, { additional: { additional: true } }],
    [{ needs: { a: ['b'], c: { type: 'd' } } }, { needs: { a: ['b'], c: { type: 'd' } } }],
  ])('%j is read as %j, and nobody looks for fields that are not known', (given, kept) => {
    expect(check(given)).toEqual({ value: kept, errors: [], unknown: [] });
  });

  it.each([
    [{ additional: 'x' }, 'additional', 'boolean or JSON schema expected'],
    [{ items: { type: 1 } }, 'items.type', unmarshal('number', 'Schema.items.type', 'string')],
    [{ items: [{ items: { type: 1 } }] }, 'items[0].items.type', unmarshal('number', 'Schema.items.items.type', 'string')],
  ])('%j is refused', (given, field, detail) => {
    expect(check(given).errors).toMatchObject([{ field, detail }]);
  });
});

describe('amounts of resources', () => {
  const registry = new SchemaRegistry();
  const limits = { name: 'limits', type: 'map:Quantity', goType: 'v1.ResourceList', omitempty: true as const };
  registry.add('core.v1', { Container: { fields: [limits] } });
  registry.add('node.v1', { Overhead: { fields: [limits] } });

  it('are whole thousandths in the core group, as its defaults make them', () => {
    const given = { limits: { cpu: '1n', memory: '-0.5m', storage: '0.0015', pods: '2e3' } };
    const { value } = checkTypes(registry.message('core.v1.Container'), given);
    expect(value).toEqual({ limits: { cpu: '1m', memory: '-1m', storage: '2m', pods: '2e3' } });
    expect(checkTypes(registry.message('node.v1.Overhead'), { limits: { cpu: '1n' } }).value).toEqual({ limits: { cpu: '1n' } });
    expect(checkTypes(registry.message('core.v1.Container'), given, { asApplied: true }).value).toEqual(given);
  });
});

it('takes a list of numbers for bytes, as Go does', () => {
  expect(checkSpec({ data: [104, 105, null, 255] })).toMatchObject({ value: { spec: { data: 'aGkA/w==' } }, errors: [] });
});

test('of a patched object, members of a map are read in order as well', () => {
  const [error] = checkTypes(registry.message('core.v1.PodSpec'), { labels: { number: 0, new: {} } }, { order: 'sorted' }).errors;
  expect(error?.detail).toContain('cannot unmarshal object');
});
