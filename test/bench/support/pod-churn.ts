// Pods that come and go on a real node, so many at a time: each is created, runs, is deleted, and makes room for the next.
import { Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';

const namespace = 'default';
const command = ['/bin/busybox', 'sleep', '100000'];

/** @param pods in all @param atATime of them @param report called now and then with how many are gone again */
export async function churn(
  client: HttpClient,
  { image, name, pods, atATime, report }: { image: string; name: string; pods: number; atATime: number; report: (gone: number) => void },
): Promise<void> {
  const watching = new AbortController();
  const { resourceVersion } = await client.list(Pod, { namespace });
  const events = client.watch(Pod, { namespace, resourceVersion, signal: watching.signal });
  const deleting = new Set<string>();
  let [created, gone] = [0, 0];
  const createNext = async () => {
    if (created === pods) return;
    const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image, command }] };
    await client.create<Pod>(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-${created++}`, namespace }, spec });
  };
  await Promise.all(Array.from({ length: Math.min(atATime, pods) }, createNext));
  for await (const event of events) {
    if (event.type !== 'MODIFIED' && event.type !== 'DELETED') continue;
    const { metadata, status } = event.object;
    if (event.type === 'MODIFIED' && status?.phase === 'Running' && !deleting.has(metadata.name)) {
      deleting.add(metadata.name);
      await client.delete(Pod, { namespace, name: metadata.name });
    }
    if (event.type === 'DELETED' && deleting.delete(metadata.name)) {
      if (++gone % 100 === 0) report(gone);
      if (gone === pods) break;
      await createNext();
    }
  }
  watching.abort();
  if (gone < pods) throw new Error(`the watch ended when ${gone} of ${pods} pods were gone`);
}
