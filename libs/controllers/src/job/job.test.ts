import { Job, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';

function job(name: string, spec: Partial<Job['spec']> = {}): Job {
  const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'work' }] };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' }, spec: { template: { spec: pod }, ...spec } };
}

async function withCluster(act: (cluster: TestCluster, client: Client) => Promise<void>): Promise<void> {
  const cluster = await startTestCluster();
  try {
    await act(cluster, cluster.client);
  } finally {
    await cluster.stop();
  }
}

const podsOf = async (client: Client) => (await client.list(Pod, { namespace: 'default' })).items;
const live = async (client: Client) =>
  (await podsOf(client)).filter(({ metadata, status }) => !metadata.deletionTimestamp && status?.phase === 'Pending');
const end = (client: Client, { metadata }: Pod, phase: string, exitCode = 0) => {
  const terminated = { exitCode, finishedAt: '2020-01-01T00:00:00Z' };
  const containerStatuses = [{ name: 'main', image: 'work', imageID: '', ready: false, restartCount: 0, state: { terminated } }];
  return client.patch(Pod, metadata, 'merge', { status: { phase, containerStatuses } }, { subresource: 'status' });
};
const key = (name: string) => ({ namespace: 'default', name });
const conditions = ({ status }: Job) => (status?.conditions ?? []).map(({ type, reason }) => `${type} ${reason}`);

test('pods succeed until there are enough, each counted once and then let go', async () => {
  await withCluster(async ({ eventually }, client) => {
    await client.create(Job, job('sum', { completions: 3, parallelism: 2 }));
    for (let round = 0; round < 3; round++) {
      const [first] = await eventually(async () => {
        const found = await live(client);
        return found.length === Math.min(2, 3 - round) && found;
      });
      expect(first?.metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking']);
      if (first) await end(client, first, 'Succeeded');
    }
    const done = await eventually(async () => {
      const found = await client.get(Job, key('sum'));
      return found.status?.completionTime !== undefined && found;
    });
    expect(conditions(done)).toEqual(['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']);
    expect(done.status).toMatchObject({ succeeded: 3, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
    expect(done.status?.active).toBeUndefined();
    expect((await podsOf(client)).map(({ metadata }) => metadata.finalizers ?? [])).toEqual([[], [], []]);
  });
});

test('a pod that is deleted counts as a failure, and too many failures end the job', async () => {
  await withCluster(async ({ eventually }, client) => {
    await client.create(Job, job('fragile', { backoffLimit: 0, parallelism: 1 }));
    const [pod] = await eventually(async () => {
      const found = await live(client);
      return found.length === 1 && found;
    });
    await client.delete(Pod, pod?.metadata ?? key(''));
    const done = await eventually(async () => {
      const found = await client.get(Job, key('fragile'));
      return conditions(found).length === 2 && found;
    });
    expect(conditions(done)).toEqual(['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']);
    expect(done.status?.failed).toBe(1);
    await eventually(async () => (await podsOf(client)).length === 0);
  });
});

test('an indexed job gives each index a pod that knows it, and failures of one index are its own', async () => {
  await withCluster(async ({ eventually }, client) => {
    await client.create(Job, job('parts', { completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 0 }));
    const pods = await eventually(async () => {
      const found = await live(client);
      return found.length === 3 && found;
    });
    const indexes = pods.map(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index']);
    expect(indexes.sort()).toEqual(['0', '1', '2']);
    expect(pods[0]?.spec.containers[0]?.env?.[0]?.name).toBe('JOB_COMPLETION_INDEX');
    for (const pod of pods) {
      const isBad = pod.spec.hostname === 'parts-1';
      await end(client, pod, isBad ? 'Failed' : 'Succeeded', isBad ? 1 : 0);
    }
    const done = await eventually(async () => {
      const found = await client.get(Job, key('parts'));
      return conditions(found).length === 2 && found;
    });
    expect(done.status).toMatchObject({ completedIndexes: '0,2', failedIndexes: '1', succeeded: 2, failed: 1 });
    expect(conditions(done)[1]).toBe('Failed FailedIndexes');
  });
});

test('the failure policy decides what counts, a suspended job has no pods, and an expired one goes', async () => {
  await withCluster(async ({ eventually }, client) => {
    const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }];
    await client.create(Job, job('picky', { podFailurePolicy: { rules }, ttlSecondsAfterFinished: 0, suspend: true }));
    const suspended = await eventually(async () => {
      const found = await client.get(Job, key('picky'));
      return conditions(found).length > 0 && found;
    });
    expect(conditions(suspended)).toEqual(['Suspended JobSuspended']);
    expect(suspended.status?.startTime).toBeUndefined();
    await client.patch(Job, key('picky'), 'merge', { spec: { suspend: false } });
    const [pod] = await eventually(async () => {
      const found = await live(client);
      return found.length === 1 && found;
    });
    if (pod) await end(client, pod, 'Failed', 42);
    await eventually(async () => (await client.list(Job, { namespace: 'default' })).items.length === 0);
    await eventually(async () => (await podsOf(client)).length === 0);
  });
});

test('pods that a deleted job leaves behind, with it or on their own, are let go', async () => {
  await withCluster(async ({ eventually }, client) => {
    const selector = { matchLabels: { own: 'yes' } };
    const { spec } = job('x').spec.template;
    const template = { metadata: { name: '', labels: selector.matchLabels }, ...(spec && { spec }) };
    await client.create(Job, job('kept', { manualSelector: true, selector, template }));
    await client.create(Job, job('gone'));
    await eventually(async () => (await live(client)).length === 2);
    await client.delete(Job, key('kept'), { propagationPolicy: 'Orphan' });
    await client.delete(Job, key('gone'), { propagationPolicy: 'Background' });
    const [left] = await eventually(async () => {
      const found = await podsOf(client);
      return found.length === 1 && !found[0]?.metadata.finalizers?.length && found;
    });
    expect(left?.metadata).toMatchObject({ labels: { own: 'yes' } });
    expect(left?.metadata.ownerReferences ?? []).toEqual([]);
  });
});

test('a job takes in pods that match its selector and belong to nobody, and lets go of those that no longer do', async () => {
  await withCluster(async ({ eventually }, client) => {
    const selector = { matchLabels: { own: 'yes' } };
    const { spec } = job('x').spec.template;
    const metadata = { name: 'stray', namespace: 'default', labels: selector.matchLabels };
    if (spec) await client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    const template = { metadata: { name: '', labels: selector.matchLabels }, ...(spec && { spec }) };
    await client.create(Job, job('taker', { manualSelector: true, selector, template, completions: 2 }));
    const adopted = await eventually(async () => {
      const found = await client.get(Pod, key('stray'));
      return found.metadata.ownerReferences?.[0]?.name === 'taker' && found;
    });
    expect(adopted.metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking']);
    await eventually(async () => (await client.get(Job, key('taker'))).status?.active === 1);
    expect(await podsOf(client)).toHaveLength(1);

    await client.patch(Pod, key('stray'), 'merge', { metadata: { labels: { own: 'no' } } });
    const released = await eventually(async () => {
      const found = await client.get(Pod, key('stray'));
      return !found.metadata.ownerReferences?.length && found;
    });
    expect(released.metadata.finalizers ?? []).toEqual([]);
    await eventually(async () => (await podsOf(client)).length === 2);
  });
});
