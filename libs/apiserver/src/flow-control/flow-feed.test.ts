import { FlowSchema } from '@berth/api';
import { managedFieldsOf } from '@berth/machinery';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { startTestServer } from '../core/test-server.ts';
import { FlowControl } from './flow-control.ts';
import { FlowFeed } from './flow-feed.ts';

const metrics = { dispatched: () => {}, executing: () => {}, queued: () => {}, rejected: () => {} };

test('whether its priority level exists is applied to a flow schema, as Kubernetes’ API server does it', async () => {
  const { server, client, system } = await startTestServer();
  const flowControl = new FlowControl({ clock: systemClock, seats: 10, metrics });
  const feed = new FlowFeed({ client: system, flowControl, clock: systemClock, random: seededRandom(1), logger: silentLogger });
  await feed.start();
  const signal = AbortSignal.timeout(30_000);
  const events = client.watch(FlowSchema, { fieldSelector: 'metadata.name=lost', signal });
  const made = { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name: 'lost' } };
  await client.create(FlowSchema, { ...made, spec: { priorityLevelConfiguration: { name: 'none' }, matchingPrecedence: 5 } });
  let told: FlowSchema | undefined;
  for await (const event of events) {
    if (event.type !== 'BOOKMARK' && event.object.status?.conditions) {
      told = event.object;
      break;
    }
  }
  expect(told?.status?.conditions).toMatchObject([
    {
      type: 'Dangling',
      status: 'True',
      reason: 'NotFound',
      message: 'This FlowSchema references the PriorityLevelConfiguration object named "none" but there is no such object',
    },
  ]);
  const entry = { manager: 'api-priority-and-fairness-config-consumer-v1', operation: 'Apply', subresource: 'status' };
  expect(told && managedFieldsOf(told)).toContainEqual(expect.objectContaining(entry));
  feed.stop();
  await server.stop();
});
