import { Node, type Taint } from '@berth/api';
import { expect, test } from 'vitest';
import { startTestServer } from '../test-server.ts';

test('a new node has the taint once, beside its own, and who takes it away is not contradicted', async () => {
  const { server, client } = await startTestServer();
  try {
    const create = async (name: string, taints?: Taint[]) =>
      (await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { ...(taints && { taints }) } })).spec.taints;
    const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    const own = { key: 'gpu', effect: 'NoExecute' };
    expect(await create('a')).toEqual([notReady]);
    expect(await create('b', [notReady])).toEqual([notReady]);
    expect(await create('c', [own])).toEqual([own, notReady]);
    const patched = await client.patch(Node, { name: 'a' }, 'merge', { spec: { taints: null } });
    expect(patched.spec.taints).toBeUndefined();
  } finally {
    await server.stop();
  }
});
