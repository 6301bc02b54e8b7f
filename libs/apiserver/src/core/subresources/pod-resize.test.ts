import { type Container, Pod } from '@berth/api';
import { managedFieldsOf } from '@berth/machinery';
import { expect, test } from 'vitest';
import { callFor, pod, startTestServer } from '../test-server.ts';

const call = callFor(Pod, 'default', 'web', 'resize');
const resources = (cpu: string, memory: string, more: object = {}) => ({ requests: { cpu, memory, ...more } });
const patchOf = (...containers: object[]) => ({ spec: { containers } });
const resourcesOf = (object: unknown) => (object as Pod).spec.containers.map((container) => container.resources);

async function started(own: Partial<Container> = { resources: resources('100m', '64Mi') }, spec: object = {}) {
  const { server, client } = await startTestServer();
  const base = pod('web');
  const [main] = base.spec.containers;
  await client.create(Pod, { ...base, spec: { ...base.spec, containers: [{ ...main, ...own } as Container], ...spec } });
  return server;
}

test('cpu and memory of a container change, the generation with them, and nothing else', async () => {
  const server = await started();
  const patch = { ...patchOf({ name: 'main', image: 'other:1', resources: resources('200m', '64Mi') }), metadata: { labels: { no: '1' } } };
  const { object } = await server.patch(call, 'strategic', patch, { fieldManager: 'sizer' });
  expect(resourcesOf(object)).toEqual([resources('200m', '64Mi')]);
  expect((object as Pod).spec.containers[0]?.image).not.toBe('other:1');
  expect(object.metadata).toMatchObject({ generation: 2 });
  expect(object.metadata.labels?.no).toBeUndefined();
  expect(managedFieldsOf(object)?.find(({ manager }) => manager === 'sizer')).toMatchObject({ subresource: 'resize' });
  const { object: same } = await server.get(call);
  expect(same.metadata.resourceVersion).toBe(object.metadata.resourceVersion);
});

test('a PUT, a merge patch and an apply resize as well', async () => {
  const server = await started();
  const { object } = await server.get(call);
  const [container] = (object as Pod).spec.containers;
  const put = { ...object, spec: { ...(object as Pod).spec, containers: [{ ...container, resources: resources('150m', '64Mi') }] } };
  expect(resourcesOf((await server.update(call, put)).object)).toEqual([resources('150m', '64Mi')]);
  const json = [{ op: 'replace', path: '/spec/containers/0/resources/requests/cpu', value: '250m' }];
  expect(resourcesOf((await server.patch(call, 'json', json)).object)).toEqual([resources('250m', '64Mi')]);
  const applied = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, ...patchOf({ name: 'main', image: 'other:1' }) };
  const sized = { ...applied, ...patchOf({ name: 'main', image: 'other:1', resources: resources('300m', '96Mi') }) };
  const answer = await server.patch(call, 'apply', sized, { fieldManager: 'applier', force: true });
  expect(resourcesOf(answer.object)).toEqual([resources('300m', '96Mi')]);
  const owned = JSON.stringify(managedFieldsOf(answer.object)?.find(({ manager }) => manager === 'applier'));
  expect(owned).toContain('f:requests');
  expect(owned).not.toContain('f:image');
});

test.each([
  [
    'another quality of service',
    { resources: { ...resources('1', '1Gi'), limits: { cpu: '1', memory: '1Gi' } } },
    'spec: Invalid value: "Burstable": Pod QOS Class',
  ],
  [
    'a request that goes',
    { resources: { $patch: 'replace', requests: { cpu: '1' } } },
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ],
  [
    'another resource',
    { resources: resources('1', '64Mi', { 'ephemeral-storage': '1Gi' }) },
    'spec: Forbidden: only cpu and memory resources are mutable',
  ],
  [
    'another policy',
    { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] },
    'only cpu and memory resources are mutable',
  ],
  [
    'a request over the limit',
    { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
    'must be less than or equal to cpu limit of 1',
  ],
])('%s is refused', async (_, container, problem) => {
  const server = await started();
  await expect(server.patch(call, 'strategic', patchOf({ name: 'main', ...container }))).rejects.toThrow(problem);
});

test('containers keep their number, names and order', async () => {
  const server = await started();
  await expect(server.patch(call, 'strategic', patchOf({ name: 'second', image: 'x' }))).rejects.toThrow(
    'spec.containers: Forbidden: containers may not be added or removed on resize',
  );
  const rename = [{ op: 'replace', path: '/spec/containers/0/name', value: 'other' }];
  await expect(server.patch(call, 'json', rename)).rejects.toThrow(
    'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize',
  );
});

test('of init containers, those that stay can be resized', async () => {
  const own = resources('10m', '8Mi');
  const initContainers = [
    { name: 'once', image: 'x:1', resources: own },
    { name: 'side', image: 'x:1', restartPolicy: 'Always', resources: own },
  ];
  const server = await started(undefined, { initContainers });
  const patch = (name: string) => ({ spec: { initContainers: [{ name, resources: resources('20m', '8Mi') }] } });
  await expect(server.patch(call, 'strategic', patch('once'))).rejects.toThrow('resources for non-sidecar init containers are immutable');
  const { object } = await server.patch(call, 'strategic', patch('side'));
  expect((object as Pod).spec.initContainers?.map((container) => container.resources?.requests?.cpu)).toEqual(['10m', '20m']);
});

test('an ordinary update changes no resources', async () => {
  const server = await started();
  const patch = patchOf({ name: 'main', resources: resources('200m', '64Mi') });
  await expect(server.patch(callFor(Pod, 'default', 'web'), 'strategic', patch)).rejects.toThrow('pod updates may not change fields other');
});

test.each([
  ['on Windows', { os: { name: 'windows' } }, 'windows pods cannot be resized'],
  ['with resources of its own', { resources: { requests: { cpu: '1' } } }, 'resize of pods with pod-level resources is forbidden'],
])('a pod %s is not resized', async (_, spec, problem) => {
  const server = await started(undefined, spec);
  await expect(server.patch(call, 'strategic', patchOf({ name: 'main', resources: resources('200m', '64Mi') }))).rejects.toThrow(problem);
});
