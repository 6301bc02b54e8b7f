// Integers of 64 bits keep their digits through every way to write an object and every form it is shown in.
import { ControllerRevision, Pod } from '@berth/api';
import { decodeProtobuf, deepEqual, encodeProtobuf, parseJson, renderTable } from '@berth/machinery';
import { MemoryStore } from '@berth/store';
import { expect, test } from 'vitest';
import { yamlToJson } from '../http/yaml-to-json.ts';
import { callFor, pod, startTestServer } from './test-server.ts';

const revision = '3546343826724305833';
const most = '9223372036854775807';
const least = '-9223372036854775808';
const text = (more = '') =>
  `{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"a"},"data":{"n":${most},"list":[${least},1,1.5]},"revision":${revision}${more}}`;
const call = callFor(ControllerRevision, 'default', 'a');
const shown = ({ bytes }: { bytes: Uint8Array }) => new TextDecoder().decode(bytes);

test('an object shows what it was given, from the store as well, as a table and in protobuf', async () => {
  const store = new MemoryStore();
  const first = await startTestServer({ store });
  const made = await first.server.create(callFor(ControllerRevision, 'default'), parseJson(text()));
  for (const digits of [revision, most, least]) expect(shown(made)).toContain(digits);
  await first.server.stop();
  const { server } = await startTestServer({ store });
  const read = await server.get(call);
  expect(shown(read)).toBe(shown(made));
  expect(deepEqual(read.object, parseJson(shown(made)))).toBe(true);
  const { schema } = ControllerRevision;
  const decoded = decodeProtobuf(schema, encodeProtobuf(schema, read.object as unknown as Record<string, unknown>));
  expect(JSON.stringify(decoded)).toContain(`"revision":${revision}`);
  expect(JSON.stringify(decoded)).toContain(`{"n":${most},"list":[${least},1,1.5]}`);
  const table = renderTable(ControllerRevision, [read.object as ControllerRevision], { includeObject: 'None', now: Date.now() });
  expect(JSON.stringify(table)).toContain(revision);
  await server.stop();
});

test.each([
  ['merge', `{"revision":${most}}`],
  ['strategic', `{"revision":${most}}`],
  ['json', `[{"op":"test","path":"/revision","value":${revision}},{"op":"replace","path":"/revision","value":${most}}]`],
  ['apply', text().replace(revision, most)],
] as const)('a %s patch keeps the digits that it brings and those that it leaves', async (type, patch) => {
  const { server } = await startTestServer();
  await server.create(callFor(ControllerRevision, 'default'), parseJson(text()));
  await server.patch(call, type, parseJson(patch), { fieldManager: 'me', force: true });
  const answer = shown(await server.get(call));
  expect(answer).toContain(`"revision":${most}`);
  expect(answer).toContain(`{"n":${most},"list":[${least},1,1.5]}`);
  await server.stop();
});

test('a test of another number fails, though the two would round to one', async () => {
  const { server } = await startTestServer();
  await server.create(callFor(ControllerRevision, 'default'), parseJson(text()));
  const patch = `[{"op":"test","path":"/revision","value":${BigInt(revision) + 1n}}]`;
  await expect(server.patch(call, 'json', parseJson(patch))).rejects.toMatchObject({ code: 422 });
  await server.stop();
});

test('what is no int64 is refused with its digits', async () => {
  const { server } = await startTestServer();
  const body = parseJson(text().replace(revision, '9223372036854775808'));
  await expect(server.create(callFor(ControllerRevision, 'default'), body)).rejects.toThrow(
    'json: cannot unmarshal number 9223372036854775808 into Go struct field ControllerRevision.revision of type int64',
  );
  await server.stop();
});

test('YAML brings them as well, in any base', () => {
  expect(yamlToJson(new TextEncoder().encode(`a: ${most}\nb: [${least}, 0x7fffffffffffffff, 1e3]\n`))).toBe(
    `{"a":${most},"b":[${least},${most},1000]}`,
  );
});

test('a pod that may take for ever to stop is deleted like any other', async () => {
  const { server, client } = await startTestServer();
  const body = { ...pod('slow', { nodeName: 'n1' }) };
  await server.create(callFor(Pod, 'default'), { ...body, spec: { ...body.spec, terminationGracePeriodSeconds: parseJson(most) } });
  const deleted = await client.delete(Pod, { namespace: 'default', name: 'slow' });
  expect(String(deleted.metadata.deletionGracePeriodSeconds)).toBe(most);
  expect(Date.parse(deleted.metadata.deletionTimestamp ?? '')).toBeGreaterThan(Date.now());
  const sooner = await client.delete(Pod, { namespace: 'default', name: 'slow' }, { gracePeriodSeconds: 5 });
  expect(Date.parse(sooner.metadata.deletionTimestamp ?? '')).toBeLessThan(Date.now() + 60_000);
  await server.stop();
});
