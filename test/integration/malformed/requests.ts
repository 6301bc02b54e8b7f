// Requests that no server may take: broken bodies, patches, selectors, options, headers and paths.
import type { Random } from '@berth/telemetry';
import { brokenBody, json, pick, type Target, targets } from './bodies.ts';

export interface MalformedRequest {
  what: string;
  method: string;
  path: string;
  headers: Record<string, string | string[]>;
  body?: Buffer;
}

/** Exists, so that a patch of it fails for the patch's sake alone. */
export const patched = { pod: 'patched', deployment: 'patched', configMap: 'patched' };

function create(random: Random): MalformedRequest {
  const target = pick(random, targets);
  const { what, type, bytes } = brokenBody(target, random);
  const query = pick(random, ['', '?dryRun=All', '?fieldValidation=Strict', '?fieldManager=me']);
  return { what, method: 'POST', path: target.path + query, headers: { 'content-type': type }, body: bytes };
}

function update(random: Random): MalformedRequest {
  const target = pick(random, targets);
  const { what, type, bytes } = brokenBody(target, random);
  const path = `${target.path}/${patched.pod}${pick(random, ['', '/status', '/scale'])}`;
  return { what: `PUT: ${what}`, method: 'PUT', path, headers: { 'content-type': type }, body: bytes };
}

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

const brokenPatches: [keyof typeof patchTypes, string][] = [
  ['json', '{}'],
  ['json', '[7]'],
  ['json', '[{"op":"jump","path":"/a"}]'],
  ['json', '[{"op":"add"}]'],
  ['json', '[{"op":"add","path":"no-slash","value":1}]'],
  ['json', '[{"op":"remove","path":"/metadata/nothing/here"}]'],
  ['json', '[{"op":"test","path":"/metadata/name","value":"other"}]'],
  ['json', '[{"op":"replace","path":"/metadata/labels/0/x","value":1}]'],
  ['json', '[{"op":"add","path":"/metadata/finalizers/99","value":"a/b"}]'],
  ['json', '[{"op":"move","from":"/metadata","path":"/metadata/labels"}]'],
  ['json', '[{"op":"copy","from":"/nowhere/at/all","path":"/metadata/labels/a"}]'],
  ['json', '[{"op":"add","path":"/__proto__/polluted","value":true}]'],
  ['json', '[{"op":"add","path":"/constructor/prototype/polluted","value":true}]'],
  ['json', '[{"op":"replace","path":"","value":7}]'],
  ['json', '[{"op":"replace","path":"/metadata/name","value":"other"}]'],
  ['merge', '[]'],
  ['merge', '7'],
  ['merge', '{"metadata":7}'],
  ['merge', '{"metadata":{"labels":{"a":{}}}}'],
  ['merge', '{"kind":"Other"}'],
  ['merge', '{"metadata":{"uid":"other"}}'],
  ['merge', '{"metadata":{"resourceVersion":"1"}}'],
  ['merge', '{"metadata":{"__proto__":{}}}'],
  ['strategic', '[]'],
  ['strategic', '"x"'],
  ['strategic', '{"metadata":{"$patch":"explode"}}'],
  ['strategic', '{"metadata":{"labels":[]}}'],
  ['strategic', '{"metadata":{"$setElementOrder/finalizers":7}}'],
  ['strategic', '{"metadata":{"$deleteFromPrimitiveList/finalizers":"x"}}'],
  ['strategic', '{"metadata":{"$retainKeys":7}}'],
  ['strategic', '{"metadata":{"name":"other"}}'],
  ['apply', '{}'],
  ['apply', '['],
  ['apply', 'a: b: c'],
  ['apply', '{"apiVersion":"v9","kind":"Pod","metadata":{"name":"patched"}}'],
  ['apply', '{"metadata":{"managedFields":[{}]}}'],
];

function patch(random: Random): MalformedRequest {
  const [kind, text] = pick(random, brokenPatches);
  const path = `${pick(random, targets).path}/${patched.pod}${kind === 'apply' ? '?fieldManager=me' : ''}`;
  return { what: `a ${kind} patch ${text}`, method: 'PATCH', path, headers: { 'content-type': patchTypes[kind] }, body: Buffer.from(text) };
}

function cutPatch(random: Random): MalformedRequest {
  const kind = pick(random, ['json', 'merge', 'strategic', 'apply'] as const);
  const whole = kind === 'json' ? '[{"op":"add","path":"/metadata/labels/a","value":"b"}]' : '{"metadata":{"labels":{"a":"b"}}}';
  const text = whole.slice(0, 1 + random.int(whole.length - 1));
  const path = `${pick(random, targets).path}/${patched.pod}${kind === 'apply' ? '?fieldManager=me' : ''}`;
  return { what: `a cut ${kind} patch`, method: 'PATCH', path, headers: { 'content-type': patchTypes[kind] }, body: Buffer.from(text) };
}

const brokenQueries = [
  'labelSelector=a in',
  'labelSelector=a in (',
  'labelSelector=(((',
  'labelSelector=a=b=c',
  'labelSelector=!',
  'labelSelector=,,',
  'labelSelector=a b',
  'labelSelector=a/b/c=d',
  `labelSelector=${'a'.repeat(200)}`,
  'labelSelector=%00',
  'fieldSelector=spec.nothing=1',
  'fieldSelector=metadata.name',
  'fieldSelector==1',
  'fieldSelector=metadata.name>1',
  'fieldSelector=__proto__=1',
  'fieldSelector=constructor=1',
  'limit=many',
  'limit=1e3',
  'limit=99999999999999999999',
  'continue=garbage',
  'continue=e30',
  'continue=%FF',
  'resourceVersion=newest',
  'resourceVersion=-1',
  'resourceVersion=99999999999999999999',
  'resourceVersionMatch=Exact',
  'resourceVersionMatch=Roughly&resourceVersion=1',
  'resourceVersion=0&resourceVersionMatch=Exact',
  'watch=true&timeoutSeconds=soon',
  'watch=true&sendInitialEvents=true',
  'watch=true&resourceVersionMatch=NotOlderThan',
  'watch=true&limit=few',
  'watch=true&resourceVersion=new',
  'watch=true&fieldSelector=a.b.c=1',
];

function query(random: Random): MalformedRequest {
  const text = pick(random, brokenQueries);
  return { what: `a list with ${text}`, method: 'GET', path: encodeURI(`${pick(random, targets).path}?${text}`), headers: {} };
}

const writeQueries = ['dryRun=yes', 'dryRun=All&dryRun=None', 'fieldValidation=Perhaps', `fieldManager=${'x'.repeat(200)}`];

function writeQuery(random: Random): MalformedRequest {
  const text = pick(random, writeQueries);
  const target: Target = pick(random, targets);
  const body = Buffer.from('{"metadata":{"name":"a"}}');
  return { what: `a create with ${text}`, method: 'POST', path: `${target.path}?${text}`, headers: { 'content-type': json }, body };
}

const brokenDeletes = [
  ['?gracePeriodSeconds=soon', ''],
  ['?propagationPolicy=Sideways', ''],
  ['?dryRun=1', ''],
  ['', '{'],
  ['', '[]'],
  ['', '{"gracePeriodSeconds":"x"}'],
  ['', '{"propagationPolicy":"Up"}'],
  ['', '{"dryRun":["Some"]}'],
  ['', '{"preconditions":{"uid":"other"}}'],
  ['', '{"propagationPolicy":"Orphan","orphanDependents":true}'],
] as const;

function remove(random: Random): MalformedRequest {
  const [text, body] = pick(random, brokenDeletes);
  const path = `${pick(random, targets).path}/${patched.pod}${text}`;
  return { what: `a delete with ${text || body}`, method: 'DELETE', path, headers: { 'content-type': json }, body: Buffer.from(body) };
}

const brokenHeaders: Record<string, string>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/xml' },
  { 'content-type': ';;;' },
  { 'content-type': 'application/json-patch+json' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { accept: 'image/png', 'content-type': json },
  { 'impersonate-group': 'system:masters', 'content-type': json },
  { 'impersonate-user': '', 'content-type': json },
  { 'impersonate-user': 'nobody-at-all', 'content-type': json },
];

function headers(random: Random): MalformedRequest {
  const chosen = pick(random, brokenHeaders);
  const body = Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}');
  const path = '/api/v1/namespaces/default/configmaps';
  return { what: `a create with ${JSON.stringify(chosen)}`, method: 'POST', path, headers: chosen, body };
}

const brokenPaths = [
  '/api/v1/namespaces/default/podz',
  '/api/v7/pods',
  '/apis/none.example/v1/things',
  '/api/v1/namespaces/default/pods/no-such-pod',
  '/api/v1/namespaces/default/pods/patched/nothing',
  '/api/v1/namespaces/%E0%A4%A/pods',
  '/api/v1//pods',
  '/api/v1/namespaces/..%2f..%2fetc/pods/x',
  '/api/v1/pods/__proto__',
  '/apis/__proto__/v1/x',
  '/apis/constructor',
  '/openapi/v3/apis/none/v1',
  '/api/v1/namespaces/default/pods/patched/log?tailLines=x',
  '/api/v1/namespaces/default/pods/patched/exec?command=sh',
  '/%00',
  `/${'a/'.repeat(500)}`,
  `/api/v1/namespaces/${'x'.repeat(5_000)}/pods/y`,
];

function path(random: Random): MalformedRequest {
  const chosen = pick(random, brokenPaths);
  return { what: `GET ${chosen.slice(0, 60)}`, method: 'GET', path: chosen, headers: {} };
}

function method(random: Random): MalformedRequest {
  const chosen = pick(random, ['PUT', 'PATCH', 'OPTIONS'] as const);
  return {
    what: `${chosen} on a collection`,
    method: chosen,
    path: pick(random, targets).path,
    headers: { 'content-type': json },
    body: Buffer.from('{}'),
  };
}

const ways: [weight: number, way: (random: Random) => MalformedRequest][] = [
  [40, create],
  [12, update],
  [15, patch],
  [5, cutPatch],
  [10, query],
  [3, writeQuery],
  [4, remove],
  [4, headers],
  [6, path],
  [1, method],
];

export function malformedRequest(random: Random): MalformedRequest {
  const total = ways.reduce((sum, [weight]) => sum + weight, 0);
  let at = random.next() * total;
  for (const [weight, way] of ways) {
    at -= weight;
    if (at < 0) return way(random);
  }
  return create(random);
}
