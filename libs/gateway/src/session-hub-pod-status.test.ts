// What becomes of agents' reports on pods: written once, refused when foreign, kept through failures.
import { Pod } from '@berth/api';
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
