// Odd requests that write: bodies, options, patches, deletions and names. See odd-requests.ts.
import type { Random } from '@berth/telemetry';
import { deleteBodies, oddBodies } from './odd-bodies.ts';
import { contentTypes } from './odd-headers.ts';
import { queryOptions } from './odd-options.ts';
import { query, type Scene, type Step, step } from './scenarios.ts';

export function one<T>(random: Random, all: readonly T[]): T {
  return all[random.int(all.length)] as T;
}

export function bodies({ random, collection, path, object, kind }: Scene): Step {
  const body = one(random, [...oddBodies(object, kind), object, undefined]);
  const contentType = one(random, contentTypes);
  const [method, at] = one(random, [
    ['POST', collection],
    ['PUT', path],
    ['PUT', `${path}/status`],
    ['POST', path],
  ] as const);
  const validation = one(random, ['', 'fieldValidation=Strict', 'fieldValidation=Warn']);
  return step('odd body', { method, path: `${at}${query('dryRun=All', validation)}`, body, contentType });
}

export function writes({ random, collection, path, object }: Scene): Step {
  const options = drawn(random, queryOptions, 2);
  const generated = {
    ...object,
    metadata: { ...object.metadata, name: undefined, generateName: one(random, ['', 'a-', 'A', 'x'.repeat(300), 'a.b-', 'a_', '-a']) },
  };
  const [method, at, body] = one(random, [
    ['POST', collection, { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}x` } }],
    ['POST', collection, object],
    ['POST', collection, generated],
    ['PUT', path, object],
    ['PUT', `${path}x`, object],
  ] as const);
  return step('write options', { method, path: `${at}${query(...options, 'dryRun=All')}`, body });
}

export function patches({ random, path, object, kind }: Scene): Step {
  const type = one(random, ['json-patch', 'merge-patch', 'strategic-merge-patch', 'apply-patch', 'x-patch']);
  const suffix = one(random, [
    type === 'apply-patch' ? '+yaml' : '+json',
    '+json',
    '+cbor',
    '',
    '+yaml; charset=utf-8',
    '+json;charset=utf-8',
  ]);
  const body = one(random, [
    ...oddBodies(object, kind),
    object,
    { metadata: { labels: { a: 'b' } } },
    [{ op: 'add', path: '/metadata/labels/a', value: 'b' }],
    [],
  ]);
  const options = drawn(random, queryOptions, 2);
  const at = one(random, [path, path, `${path}/status`, `${path}/scale`, `${path}x`]);
  return step('odd patch', {
    method: 'PATCH',
    path: `${at}${query(...options, 'dryRun=All')}`,
    body,
    contentType: `application/${type}${suffix}`,
  });
}

export function deletions({ random, path, collection, object }: Scene): Step {
  const options = drawn(random, queryOptions, 2);
  const whole = random.int(4) === 0;
  const body = one(random, [...deleteBodies, undefined]);
  const contentType = random.int(5) === 0 ? one(random, contentTypes) : undefined;
  const at = whole ? `${collection}${query(...options, mine(object), 'dryRun=All')}` : `${path}${query(...options, 'dryRun=All')}`;
  return step(whole ? 'delete collection options' : 'delete options', { method: 'DELETE', path: at, body, contentType });
}

export function names({ random, collection, object }: Scene): Step {
  const name = one(random, [
    'A',
    'a_b',
    '.',
    '..',
    'a/b',
    'a%b',
    '',
    'x'.repeat(254),
    'a..b',
    '-a',
    'a-',
    'ü',
    'a b',
    '1',
    'a:b',
    'a.b',
    'a\u0000b',
    7,
    null,
    {},
  ]);
  const namespace = one(random, [object.metadata.namespace, object.metadata.namespace, 'other', '', 'A_B', null, 7]);
  const body = { ...object, metadata: { ...object.metadata, name, namespace } };
  const generateName = random.int(4) === 0 ? { generateName: one(random, ['a-', 'A']) } : {};
  return step('odd name', {
    method: 'POST',
    path: `${collection}?dryRun=All`,
    body: { ...body, metadata: { ...body.metadata, ...generateName } },
  });
}
export function drawn(random: Random, from: readonly string[], max: number): string[] {
  return Array.from({ length: 1 + random.int(max) }, () => one(random, from));
}

export function mine({ metadata }: { metadata: { labels?: Record<string, string> } }): string {
  return `labelSelector=${encodeURIComponent(`number=${metadata.labels?.number}`)}`;
}
