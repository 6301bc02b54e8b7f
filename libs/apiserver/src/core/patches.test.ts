// Errors of patches in kube-apiserver's words (k8s.io/apiserver, endpoints/handlers/patch.go), which clients match on and people know.
import { ConfigMap, Deployment, Event } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PatchKind, UnreadablePatch } from './patches.ts';
import { callFor, startTestServer } from './test-server.ts';
import type { WriteSettings } from './types.ts';

let started: Awaited<ReturnType<typeof startTestServer>>;
const metadata = { name: 'web', namespace: 'default' };
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'registry.local/web:1' }] } };

beforeAll(async () => {
  started = await startTestServer();
  const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template };
  await started.client.create(Deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
  await started.client.create<ConfigMap>(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '1' } });
});
afterAll(() => started.server.stop());

async function patch(type: PatchKind, given: unknown, settings: WriteSettings = {}, kind = callFor(Deployment, 'default', 'web')) {
  let warnings: string[] = [];
  const noteWarnings = (all: string[]) => {
    warnings = all;
  };
  const patching = started.server.patch(kind, type, given, { ...settings, noteWarnings });
  const error = await patching.then(
    () => undefined,
    (thrown) => thrown,
  );
  return { error, warnings };
}

const spec = (inner: object) => ({ spec: inner });
const container = (inner: object) => spec({ template: { spec: { containers: [{ name: 'main', ...inner }] } } });

test.each<[object, string]>([
  [spec({ replicas: 'a' }), 'map[spec:map[replicas:a]]": unrecognized type: int32'],
  [spec({ replicas: 1.5 }), 'map[spec:map[replicas:1.5]]": cannot convert float64 to int32'],
  [spec({ paused: 'yes' }), 'map[spec:map[paused:yes]]": unrecognized type: bool'],
  [{ metadata: { labels: { a: 1 } } }, 'map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string'],
  [{ metadata: { labels: 'a' } }, 'map[metadata:map[labels:a]]": cannot restore map from string'],
  [{ metadata: { finalizers: 'a' } }, 'map[metadata:map[finalizers:a]]": cannot restore slice from string'],
  [spec({ strategy: 7 }), 'map[spec:map[strategy:7]]": cannot restore struct from: int64'],
  [spec({ strategy: { type: 7 } }), 'map[spec:map[strategy:map[type:7]]]": cannot convert int64 to v1.DeploymentStrategyType'],
  [spec({ strategy: { type: {} } }), 'map[spec:map[strategy:map[type:map[]]]]": unrecognized type: string'],
  [{ metadata: { creationTimestamp: {} } }, '": json: cannot unmarshal object into Go value of type string'],
  // In the order of the fields of the type, not of the patch.
  [{ status: 7, spec: { paused: 'yes', replicas: 'a' } }, '": unrecognized type: int32'],
  [
    container({ resources: { limits: { cpu: 'x' } } }),
    "\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
])('strategic merge patch %j makes no object, and is shown', async (given, message) => {
  const { error } = await patch('strategic', given);
  expect(error).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(error.message).toMatch(/^ "" is invalid: patch: Invalid value: "/);
  expect(error.message.endsWith(message)).toBe(true);
  const cause = { reason: 'FieldValueInvalid', message: error.message.slice(' "" is invalid: patch: '.length), field: 'patch' };
  expect(error.status.details).toEqual({ causes: [cause] });
});

test.each<[PatchKind, unknown]>([
  ['merge', spec({ replicas: 'a' })],
  ['json', [{ op: 'replace', path: '/spec/replicas', value: 'a' }]],
])('what a %s patch makes is shown when it is no object of the kind', async (type, given) => {
  const { error } = await patch(type, given);
  expect(error).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(error.message).toMatch(/^ "" is invalid: patch: Invalid value: "\{\\"apiVersion\\":\\"apps\/v1\\".*\\"replicas\\":\\"a\\"/);
  const problem = 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32';
  expect(error.message.endsWith(`": ${problem}`)).toBe(true);
});

test.each<[PatchKind, unknown, string]>([
  [
    'strategic',
    { spec: { colour: 'red' }, a: 1 },
    'map[a:1 spec:map[colour:red]]": strict decoding error: unknown field "a", unknown field "spec.colour"',
  ],
  ['merge', { a: 1 }, '": strict decoding error: unknown field "a"'],
  [
    'json',
    [{ op: 'add', path: '/a', value: 1, why: 2 }],
    '": strict decoding error: json patch unknown field "[0].why", unknown field "a"',
  ],
])('a strict %s patch with unknown fields is invalid, another warns', async (type, given, message) => {
  const { error } = await patch(type, given, { fieldValidation: 'Strict' });
  expect(error).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(error.message.endsWith(message)).toBe(true);
  const warned = await patch(type, given);
  expect(warned.error).toBeUndefined();
  expect(warned.warnings.join(', ')).toBe(message.slice(message.indexOf('error: ') + 'error: '.length));
});

test('a JSON patch that does not apply says no more than that, and a warning why', async () => {
  const { error, warnings } = await patch('json', [{ op: 'remove', path: '/data/none' }], {}, callFor(ConfigMap, 'default', 'web'));
  expect(error.status).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server rejected our request due to an error in our request',
    reason: 'Invalid',
    details: {},
    code: 422,
  });
  const why = "error in remove for path: '/data/none': Unable to remove nonexistent key: none: missing value";
  expect(warnings).toEqual([`the patch does not apply: ${why}`]);
});

test.each<[PatchKind, unknown, string]>([
  ['merge', [], 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['merge', null, 'Invalid JSON Patch'],
  ['strategic', 'x', 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
  ['strategic', { metadata: { $patch: 'upend' } }, 'unknown patch type: upend in map: map[$patch:upend]'],
  ['json', 7, 'error decoding patch: json: cannot unmarshal number into Go value of type []handlers.jsonPatchOp'],
])('a %s patch %j is none', async (type, given, message) => {
  expect((await patch(type, given)).error).toMatchObject({ code: 400, reason: 'BadRequest', message });
});

test('where nobody asks for unknown fields, a merge patch that is an array takes the place of the object', async () => {
  const { error } = await patch('merge', ['x', null], { fieldValidation: 'Ignore' });
  expect(error).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(error.message).toContain(
    `patch: Invalid value: "[\\"x\\"]": couldn't get version/kind; json parse error: json: cannot unmarshal array`,
  );
  expect((await patch('merge', 'x', { fieldValidation: 'Ignore' })).error).toMatchObject({ code: 400, message: 'Invalid JSON Patch' });
});

test('what is replaced by no object at all has no kind', async () => {
  const { error } = await patch('json', [{ op: 'replace', path: '', value: 7 }]);
  expect(error).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(error.message).toContain(
    '"7": couldn\'t get version/kind; json parse error: json: cannot unmarshal number into Go value of type struct {',
  );
});

test('views and scales tell the same', async () => {
  const scale = callFor(Deployment, 'default', 'web', 'scale');
  const { error } = await patch('strategic', spec({ replicas: 'a' }), {}, scale);
  expect(error.message).toBe(' "" is invalid: patch: Invalid value: "map[spec:map[replicas:a]]": unrecognized type: int32');
  expect((await patch('json', [{ op: 'test', path: '/spec/replicas', value: 9 }], {}, scale)).warnings).toHaveLength(1);
  expect((await patch('merge', [], {}, callFor(Event, 'default', 'none'))).error).toMatchObject({ code: 404 });
});

test("what a patch without a readable text says is nobody's business before there is an object", async () => {
  const unreadable = new UnreadablePatch(StatusError.badRequest('unexpected end of JSON input'));
  expect((await patch('merge', unreadable, {}, callFor(Deployment, 'default', 'absent'))).error.message).toContain('not found');
  expect((await patch('merge', unreadable)).error.message).toBe('unexpected end of JSON input');
});
