import { Service, ServiceCIDR, serviceCidrFinalizer } from '@berth/api';
import { service, serviceRange } from '@berth/apiserver/testing';
import { isReason } from '@berth/machinery';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import { type ObservedRange, planRange } from './service-cidrs.ts';

const now = Date.parse('2026-01-01T00:00:30Z');
const ready = { type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };

function observed(parts: { deletedAt?: string; finalizers?: string[]; addresses?: string[]; others?: string[] } = {}): ObservedRange {
  const { deletedAt, finalizers = ['example.com/mine', serviceCidrFinalizer], addresses = [], others = [] } = parts;
  const range = serviceRange('second', '10.100.0.0/24');
  const metadata = { ...range.metadata, resourceVersion: '7', finalizers, ...(deletedAt && { deletionTimestamp: deletedAt }) };
  return {
    range: { ...range, metadata, status: { conditions: [ready] } },
    others: others.map((cidr, index) => serviceRange(`other-${index}`, cidr)),
    addresses,
  };
}

const finalizersOf = (parts: Parameters<typeof observed>[0]) =>
  planRange(observed(parts), now).map((action) => (action.type === 'patch' ? action.patch : action));
const taken = ['10.100.0.7'];
const blocked = {
  type: 'updateStatus',
  object: {
    status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Terminating', lastTransitionTime: '2026-01-01T00:00:30Z' }] },
  },
};

test('a range is protected first, then ready', () => {
  expect(finalizersOf({ finalizers: [] })).toEqual([{ metadata: { resourceVersion: '7', finalizers: [serviceCidrFinalizer] } }]);
  expect(planRange(observed(), now)).toEqual([]);
  const fresh = observed();
  expect(planRange({ ...fresh, range: { ...fresh.range, status: {} } }, now)).toMatchObject([
    { type: 'updateStatus', object: { status: { conditions: [{ type: 'Ready', status: 'True', reason: '' }] } } },
  ]);
});

test('one that is deleted waits until no address needs it, and for ten seconds', () => {
  const deletedAt = '2026-01-01T00:00:00Z';
  expect(planRange(observed({ deletedAt, addresses: taken }), now)).toMatchObject([blocked]);
  expect(finalizersOf({ deletedAt })).toEqual([{ metadata: { resourceVersion: '7', finalizers: ['example.com/mine'] } }]);
  expect(planRange(observed({ deletedAt: '2026-01-01T00:00:25Z' }), now)).toEqual([{ type: 'requeue', afterMs: 5000 }]);
  expect(planRange(observed({ deletedAt, finalizers: ['example.com/mine'], addresses: taken }), now)).toEqual([]);
  const terminating = observed({ deletedAt, addresses: taken });
  const conditions = [{ ...ready, status: 'False', reason: 'Terminating' }];
  expect(planRange({ ...terminating, range: { ...terminating.range, status: { conditions } } }, now)).toEqual([]);
});

test.each([
  ['10.100.0.0/16', true],
  ['10.100.0.0/28', true],
  ['10.100.0.0/24', true],
  ['10.100.1.0/24', false],
  // The broadcast address of a range, or its own, is nobody's.
  ['10.100.0.4/30', false],
  ['10.100.0.7/32', false],
])('another range %s takes over the address 10.100.0.7: %s', (other, takesOver) => {
  const plan = planRange(observed({ deletedAt: '2026-01-01T00:00:00Z', addresses: taken, others: [other] }), now);
  expect(plan[0]?.type).toBe(takesOver ? 'patch' : 'updateStatus');
});

test('a range that is in use says that it is terminating, and goes ten seconds after its deletion once it is not', async () => {
  const clock = new SimulatedClock();
  const { client, eventually, stop } = await startTestCluster(clock);
  const range = () => client.get(ServiceCIDR, { name: 'second' });
  const isGone = () =>
    range().then(
      () => false,
      (error: unknown) => isReason(error, 'NotFound'),
    );
  const readiness = async () => (await range()).status?.conditions?.[0];
  try {
    await client.create(ServiceCIDR, serviceRange('second', '10.100.0.0/24'));
    await eventually(async () => (await readiness())?.status === 'True');
    await client.create(Service, service('web', { clusterIP: '10.100.0.7' }));
    await client.delete(ServiceCIDR, { name: 'second' });
    const terminating = await eventually(async () => (await readiness())?.status === 'False' && (await readiness()));
    expect(terminating).toMatchObject({
      reason: 'Terminating',
      message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
    });
    await clock.advance(30_000);
    expect(await isGone()).toBe(false);
    // Another range that contains the address lets the first one go.
    await client.create(ServiceCIDR, serviceRange('wider', '10.100.0.0/16'));
    await eventually(isGone);
    await client.delete(ServiceCIDR, { name: 'wider' });
    await client.delete(Service, { namespace: 'default', name: 'web' });
    await clock.advance(9_000);
    expect((await client.get(ServiceCIDR, { name: 'wider' })).metadata.deletionTimestamp).toBeDefined();
    await clock.advance(2_000);
    await eventually(async () => (await client.list(ServiceCIDR)).items.length === 1);
  } finally {
    await stop();
  }
});
