// One pod's trace, from the request that creates it to the calls of its node's runtime, as a collector gets it.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { podIds } from '@berth/telemetry/tracing';
import { TraceCollector } from '@berth/telemetry/tracing/testing';
import { expect, onTestFinished, test } from 'vitest';
import { type HollowCluster, startHollowCluster } from './hollow-cluster.ts';

const ofClient = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

/** @returns the pod's UID */
async function createPod({ kubectl }: HollowCluster, name: string): Promise<string> {
  const ca = await readFile(join(kubectl.directory, 'data', 'pki', 'ca.crt'));
  const { port } = kubectl.controlPlane.address ?? { port: 0 };
  const headers = {
    authorization: `Bearer ${await kubectl.token()}`,
    'content-type': 'application/json',
    traceparent: `00-${ofClient.traceId}-${ofClient.spanId}-01`,
  };
  const asked = request({ host: '127.0.0.1', port, path: '/api/v1/namespaces/default/pods', method: 'POST', headers, ca, agent: false });
  asked.end(JSON.stringify({ metadata: { name }, spec: { containers: [{ name: 'main', image: 'hollow/run' }] } }));
  const [message] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of message) text += chunk;
  expect(message.statusCode, text).toBe(201);
  return JSON.parse(text).metadata.uid;
}

test('a pod is followed from its request through store, scheduler and agent to the runtime', async () => {
  const collector = await TraceCollector.start();
  onTestFinished(() => collector.stop());
  const cluster = await startHollowCluster(['one'], { endpoint: collector.endpoint, samplingRatePerMillion: 1_000_000 });
  const uid = await createPod(cluster, 'followed').catch(async (error) => {
    await cluster.stop();
    throw error;
  });
  const waited = await cluster.kubectl.run(['wait', 'pod/followed', '--for=condition=Ready', '--timeout=15s']);
  // At its end, each process sends what it has left.
  await cluster.stop();
  expect(waited.code, waited.stderr).toBe(0);
  const spans = collector.spans();

  const asked = spans.find(({ parent_span_id }) => parent_span_id === base64(ofClient.spanId));
  expect(asked).toMatchObject({
    trace_id: base64(ofClient.traceId),
    name: 'POST /api/v1/namespaces/{:namespace}/pods',
    service: 'apiserver',
  });
  const belowRequest = spans.filter(({ parent_span_id }) => parent_span_id === asked?.span_id).map(({ name }) => name);
  expect(belowRequest).toEqual(expect.arrayContaining(['authentication', 'authorization', 'store']));

  const pod = podIds(uid);
  const ofPod = spans.filter(({ trace_id }) => trace_id === base64(pod.traceId));
  expect(ofPod.find(({ span_id }) => span_id === base64(pod.spanId))).toMatchObject({
    ...{ name: 'createPod', service: 'apiserver' },
    links: [{ trace_id: base64(ofClient.traceId), span_id: asked?.span_id }],
  });
  const belowPod = ofPod.filter(({ parent_span_id }) => parent_span_id === base64(pod.spanId));
  for (const [service, name] of [
    ['kube-scheduler', 'schedulePod'],
    ['kube-scheduler', 'bindPod'],
    ['kubelet', 'syncPod'],
  ])
    expect(belowPod, name).toContainEqual(expect.objectContaining({ service, name }));
  const syncs = belowPod.filter(({ name }) => name === 'syncPod').map(({ span_id }) => span_id);
  const runtimeCalls = ofPod.filter(({ parent_span_id }) => syncs.includes(parent_span_id ?? ''));
  expect(runtimeCalls.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['RunPodSandbox', 'CreateContainer', 'StartContainer'].map((name) => `runtime.v1.RuntimeService/${name}`)),
  );
}, 90_000);
