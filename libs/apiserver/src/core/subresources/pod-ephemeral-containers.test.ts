import { Pod } from '@berth/api';
import { managedFieldsOf } from '@berth/machinery';
import { expect, test } from 'vitest';
import { callFor, pod, startTestServer } from '../test-server.ts';

const debuggerOf = (more: object = {}) => ({ name: 'debugger', image: 'registry.local/tools:1', ...more });
const patchWith = (...containers: object[]) => ({ spec: { ephemeralContainers: containers } });
const call = callFor(Pod, 'default', 'web', 'ephemeralcontainers');

async function started() {
  const { server, client } = await startTestServer();
  await client.create(Pod, pod('web'));
  return server;
}

test('a container is added to a pod that exists, with defaults, and nothing else changes', async () => {
  const server = await started();
  const patch = { ...patchWith(debuggerOf({ targetContainerName: 'main' })), metadata: { labels: { sneaked: 'in' } } };
  const { object } = await server.patch(call, 'strategic', patch);
  expect((object as Pod).spec.ephemeralContainers).toMatchObject([
    { name: 'debugger', targetContainerName: 'main', imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' },
  ]);
  expect(object.metadata).toMatchObject({ generation: 2 });
  expect(managedFieldsOf(object)?.find(({ subresource }) => subresource)).toMatchObject({
    subresource: 'ephemeralcontainers',
    fieldsV1: { 'f:spec': { 'f:ephemeralContainers': { 'k:{"name":"debugger"}': { 'f:image': {} } } } },
  });
  expect(object.metadata.labels?.sneaked).toBeUndefined();
  const again = await server.patch(call, 'strategic', patchWith(debuggerOf({ name: 'second' })));
  expect((again.object as Pod).spec.ephemeralContainers?.map(({ name }) => name)).toEqual(['second', 'debugger']);
});

test.each([
  ['the name of another container', debuggerOf({ name: 'main' }), 'spec.ephemeralContainers[0].name: Duplicate value: "main"'],
  [
    'a port',
    debuggerOf({ ports: [{ containerPort: 80 }] }),
    'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
  ],
  ['a probe', debuggerOf({ livenessProbe: { exec: { command: ['true'] } } }), 'livenessProbe: Forbidden'],
  ['resources', debuggerOf({ resources: { limits: { cpu: '1' } } }), 'resources: Forbidden'],
  ['a target that is not there', debuggerOf({ targetContainerName: 'none' }), 'targetContainerName: Not found: "none"'],
  ['no image', { name: 'debugger' }, 'spec.ephemeralContainers[0].image: Required value'],
])('%s is refused', async (_, container, problem) => {
  const server = await started();
  await expect(server.patch(call, 'strategic', patchWith(container))).rejects.toThrow(problem);
});

test('what was added stays as it is', async () => {
  const server = await started();
  const { object } = await server.patch(call, 'strategic', patchWith(debuggerOf()));
  await expect(server.patch(call, 'strategic', patchWith(debuggerOf({ image: 'registry.local/other:1' })))).rejects.toThrow(
    'existing ephemeral containers "debugger" may not be changed',
  );
  const without = { ...object, spec: { ...(object as Pod).spec, ephemeralContainers: [] } };
  await expect(server.update(call, without)).rejects.toThrow('existing ephemeral containers "debugger" may not be removed');
  await expect(server.update(callFor(Pod, 'default', 'web'), without)).rejects.toThrow('pod updates may not change fields other than');
});
