// What becomes of agents' reports on pods: written once, refused when foreign, kept through failures.
import { type Node, Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { GatewayToAgent } from '@berth/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubFixture } from './hub-fixture.ts';

let fixture: HubFixture;

beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
});

afterEach(() => fixture.stop());

describe('pod status', () => {
  const report = (of: Pod, phase: string, terminated = false) => ({
    namespace: 'default',
    name: of.metadata.name,
    uid: of.metadata.uid ?? '',
    status: { phase, conditions: [{ type: 'Ready', status: 'True' }] },
    terminated,
  });

  it('writes statuses once, keeps the scheduler’s condition, and finishes deletions', async () => {
    const web = await fixture.pod('web', 'one');
    await fixture.client.updateStatus(Pod, {
      ...web,
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }], qosClass: 'BestEffort' },
    });
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    one.link.reportPod(report(web, 'Running'));
    await fixture.clock.advance(100);
    one.link.reportPod(report(web, 'Running'));
    await fixture.clock.advance(100);
    const running = await fixture.client.get(Pod, { namespace: 'default', name: 'web' });
    expect(running.status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort' });
    expect(running.status?.conditions?.map((condition) => condition.type)).toEqual(['PodScheduled', 'Ready']);
    expect(fixture.client.calls.filter((call) => call === 'updateStatus pods web')).toHaveLength(2);
    await fixture.client.delete(Pod, { namespace: 'default', name: 'web' });
    await fixture.clock.advance(100);
    expect((one.objects.get('Pod/web') as Pod).metadata.deletionTimestamp).toBeDefined();
    one.link.reportPod(report(web, 'Succeeded', true));
    await fixture.clock.advance(100);
    await expect(fixture.client.get(Pod, { namespace: 'default', name: 'web' })).rejects.toThrow('not found');
    expect(one.keys).toEqual([]);
  });

  it('refuses statuses of pods on other nodes and of earlier pods of the name', async () => {
    const foreign = await fixture.pod('foreign', 'two');
    const own = await fixture.pod('own', 'one');
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    one.link.reportPod(report(foreign, 'Failed'));
    one.link.reportPod({ ...report(own, 'Failed'), uid: 'earlier' });
    await fixture.clock.advance(100);
    expect(fixture.client.calls.filter((call) => call.startsWith('updateStatus pods'))).toEqual([]);
  });

  it('writes the statuses of other pods while one cannot be written, and that one once it can', async () => {
    const pods = await Promise.all(['held', 'second', 'third', 'fourth'].map((name) => fixture.pod(name, 'one')));
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    fixture.client.failing = { name: 'held', error: StatusError.internal('failed calling webhook "statuses.example.com"') };
    for (const pod of pods) {
      one.link.reportPod(report(pod, 'Running'));
      await fixture.clock.advance(100);
    }
    const phase = async (name: string) => (await fixture.client.get(Pod, { namespace: 'default', name })).status?.phase;
    expect(await Promise.all(['second', 'third', 'fourth'].map(phase))).toEqual(['Running', 'Running', 'Running']);
    fixture.client.failing = undefined;
    await fixture.clock.advance(10_000);
    expect(await phase('held')).toBe('Running');
    const tries = fixture.client.calls.filter((call) => call === 'updateStatus pods held').length;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(8);
  });

  it('tries again itself what an agent of before would not send again', async () => {
    const pod = await fixture.pod('held', 'one');
    const sent: GatewayToAgent[] = [];
    const session = fixture.hub.accept('one', { send: (message) => sent.push(message) > 0, close: () => undefined });
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} };
    session.receive({ type: 'hello', hello: { nodeName: 'one', bootId: 'boot', revision: 0, node, takesBack: false } });
    await fixture.clock.advance(100);
    fixture.client.failing = { name: 'held', error: StatusError.internal('failed calling webhook "statuses.example.com"') };
    session.receive({ type: 'podStatuses', sequence: 1, statuses: [report(pod, 'Running')] });
    await fixture.clock.advance(1000);
    expect(sent.filter(({ type }) => type === 'acknowledged')).toEqual([]);
    fixture.client.failing = undefined;
    await fixture.clock.advance(5000);
    expect(sent.filter(({ type }) => type === 'acknowledged')).toEqual([{ type: 'acknowledged', sequence: 1, unwritten: [] }]);
  });

  it('delivers what was reported while the API or the session was away', async () => {
    const web = await fixture.pod('web', 'one');
    const one = fixture.agent('one');
    await fixture.clock.advance(100);
    fixture.client.failure = new Error('the store is away');
    one.link.reportPod(report(web, 'Running'));
    await fixture.clock.advance(2000);
    one.link.disconnect();
    one.link.reportPod(report(web, 'Failed'));
    await fixture.clock.advance(5000);
    fixture.client.failure = undefined;
    await fixture.clock.advance(30_000);
    expect((await fixture.client.get(Pod, { namespace: 'default', name: 'web' })).status?.phase).toBe('Failed');
  });
});
