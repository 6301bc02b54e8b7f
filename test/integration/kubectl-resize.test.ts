// The resize subresource as the real kubectl uses it, old and new: patched, edited, replaced, applied.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectlPath } from '../../tools/cluster/kubectl.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
beforeAll(async () => {
  cluster = await KubectlCluster.start();
});
afterAll(() => cluster?.stop());

describe.each(['1.35', '1.32'] as const)('kubectl %s', (version) => {
  const name = `web-${version.replace('.', '-')}`;
  const resources = { requests: { cpu: '100m', memory: '64Mi' } };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image: 'web:1', resources }] } };
  const run = async (args: string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}) =>
    cluster.run(args, { ...options, binary: await kubectlPath(version) });
  const kubectl = async (args: string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}) => {
    const { stdout, stderr, code } = await run(args, options);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    return stdout;
  };
  const asked = () => kubectl(['get', 'pod', name, '--subresource=resize', '-o', 'jsonpath={.spec.containers[0].resources.requests}']);

  beforeAll(async () => {
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(pod) });
  });

  test('patches', async () => {
    const patch = JSON.stringify({ spec: { containers: [{ name: 'main', resources: { requests: { cpu: '200m' } } }] } });
    expect(await kubectl(['patch', 'pod', name, '--subresource=resize', '-p', patch])).toBe(`pod/${name} patched\n`);
    expect(await asked()).toBe('{"cpu":"200m","memory":"64Mi"}');
    expect(await kubectl(['get', 'pod', name, '-o', 'jsonpath={.metadata.generation}'])).toBe('2');
  });

  test('edits', async () => {
    const editor = await cluster.file('edit-size.sh', '#!/bin/sh\nsed -i "s/cpu: 200m/cpu: 300m/" "$1"\n');
    const edited = await kubectl(['edit', 'pod', name, '--subresource=resize'], { env: { KUBE_EDITOR: editor } });
    expect(edited).toBe(`pod/${name} edited\n`);
    expect(await asked()).toBe('{"cpu":"300m","memory":"64Mi"}');
  });

  test('replaces', async () => {
    const current = await kubectl(['get', 'pod', name, '-o', 'json']);
    const file = await cluster.file('replacement.json', current.replace('"300m"', '"400m"'));
    expect(await kubectl(['replace', '--subresource=resize', '-f', file])).toBe(`pod/${name} replaced\n`);
    expect(await asked()).toBe('{"cpu":"400m","memory":"64Mi"}');
  });

  test('applies on the server', async () => {
    const wanted = JSON.stringify(pod).replace('100m', '500m');
    const args = ['apply', '--server-side', '--force-conflicts', '--subresource=resize', '-f', '-'];
    expect(await kubectl(args, { input: wanted })).toBe(`pod/${name} serverside-applied\n`);
    expect(await asked()).toBe('{"cpu":"500m","memory":"64Mi"}');
  });

  test('is told what is refused', async () => {
    const patch = JSON.stringify([{ op: 'remove', path: '/spec/containers/0/resources/requests/cpu' }]);
    const { stderr, code } = await run(['patch', 'pod', name, '--subresource=resize', '--type=json', '-p', patch]);
    expect({ stderr, code }).toEqual({
      stderr: `The Pod "${name}" is invalid: spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed\n`,
      code: 1,
    });
  });
});

test('kubectl 1.35 finds the subresource among those of pods', async () => {
  const { stdout } = await cluster.run(['get', '--raw', '/api/v1']);
  const { resources } = JSON.parse(stdout) as { resources: { name: string }[] };
  expect(resources.find((resource) => resource.name === 'pods/resize')).toEqual({
    ...{ name: 'pods/resize', singularName: '', namespaced: true, kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  });
});
