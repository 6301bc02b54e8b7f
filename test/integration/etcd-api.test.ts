// The API server over a real etcd, where many objects are committed in one request: clients resume behind any single object.
import { ConfigMap } from '@berth/api';
import { startTestServer } from '@berth/apiserver/testing';
import type { KubeObject } from '@berth/machinery';
import { EtcdStore } from '@berth/store';
import { systemClock } from '@berth/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import { EtcdProcess } from './etcd-process.ts';

it('gives every object a version of its own, to watch and list from', async () => {
  const etcd = await EtcdProcess.start();
  onTestFinished(() => etcd.remove());
  const store = await EtcdStore.open({ endpoints: [etcd.endpoint], clock: systemClock });
  onTestFinished(() => store.close());
  const { server, client } = await startTestServer({ store });
  onTestFinished(() => server.stop());
  const before = (await client.list(ConfigMap, { namespace: 'default' })).resourceVersion;
  const made = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${i}`, namespace: 'default' } }),
    ),
  );
  const versions = made.map(versionOf).sort((a, b) => a - b);
  expect(new Set(versions).size).toBe(300);

  // A watch that is opened anew after each single event.
  const seen: number[] = [];
  for (let resourceVersion = before; seen.length < 300; resourceVersion = String(seen.at(-1))) {
    const abort = new AbortController();
    for await (const event of client.watch(ConfigMap, { namespace: 'default', resourceVersion, signal: abort.signal })) {
      if (event.type === 'BOOKMARK') continue;
      seen.push(versionOf(event.object));
      break;
    }
    abort.abort();
  }
  expect(seen).toEqual(versions);

  for (const at of [0, 17, 150, 299]) {
    const resourceVersion = String(versions[at]);
    const { items } = await client.list(ConfigMap, { namespace: 'default', resourceVersion, resourceVersionMatch: 'Exact' });
    expect(items.filter(({ metadata }) => metadata?.name?.startsWith('c'))).toHaveLength(at + 1);
  }
});

function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion);
}
