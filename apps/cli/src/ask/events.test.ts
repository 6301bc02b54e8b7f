// Which events belong to what, which are the same, and in which order they are shown.
import type { Event } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { expect, test } from 'vitest';
import { eventRow, happeningOf, merged, passes } from './event-table.ts';
import { runEvents } from './events.ts';
import { Family } from './families.ts';
import { kindOfWord, readTypedObject } from './kind-words.ts';
import { readSince } from './since.ts';

const event = (name: string, more: Partial<Event> = {}): Event => ({
  ...{ apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' } },
  ...{ involvedObject: { kind: 'Pod', name: 'web-1', namespace: 'shop' }, type: 'Warning', reason: 'BackOff', message: 'again' },
  ...more,
});

test('the same of the same object is one, counted, and the latest is last', () => {
  const happenings = merged(
    [
      event('a', { count: 3, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:09:00Z' }),
      event('b', { series: { count: 2, lastObservedTime: '2026-01-01T00:05:00.000000Z' } }),
      event('c', { reason: 'Pulled', type: 'Normal', message: 'two\n lines', lastTimestamp: '2026-01-01T00:07:00Z' }),
    ].map(happeningOf),
  );
  const now = Date.parse('2026-01-01T00:10:00Z');
  expect(happenings.map((one) => eventRow(one, now, true))).toEqual([
    ['shop', '3m', '1', 'Normal', 'Pulled', 'pod/web-1', 'two lines'],
    ['shop', '60s', '5 in 10m', 'Warning', 'BackOff', 'pod/web-1', 'again'],
  ]);
  expect(passes(happenings[0] as never, { types: ['warning'], sinceMs: undefined }, now)).toBe(false);
  expect(happenings.map((one) => passes(one, { types: [], sinceMs: 120_000 }, now))).toEqual([false, true]);
});

test('what belongs to a Deployment: by owners, and by name what is gone', () => {
  const made = (kind: string, name: string, uid: string, owner: string) =>
    ({ kind, metadata: { name, uid, namespace: 'shop', ownerReferences: [{ uid: owner }] } }) as unknown as KubeObject;
  const family = new Family({ kind: 'Deployment', name: 'web', namespace: 'shop', uid: 'd' });
  // Pods come before the sets that own them.
  family.addDescendants([made('Pod', 'odd', 'p', 'r'), made('ReplicaSet', 'web-5d8f', 'r', 'd'), made('Pod', 'other', 'o', 'x')]);
  const has = (kind: string, name: string, namespace = 'shop') => family.has({ kind, name, namespace });
  expect([has('Deployment', 'web'), has('ReplicaSet', 'web-5d8f'), has('Pod', 'odd')]).toEqual([true, true, true]);
  expect([has('Pod', 'web-6c7d8-x2zbc'), has('ReplicaSet', 'web-77')]).toEqual([true, true]);
  expect([has('Pod', 'other'), has('Pod', 'web-1'), has('Pod', 'website-6c7d8-x2zbc'), has('Pod', 'web-6c7d8-x2zbc', 'else')]).toEqual([
    ...[false, false, false, false],
  ]);
  expect(new Family({ kind: 'StatefulSet', name: 'a.b', namespace: 'shop' }).has({ kind: 'Pod', name: 'axb-0', namespace: 'shop' })).toBe(
    false,
  );
  // What has no namespace is recorded in one.
  expect(new Family({ kind: 'Node', name: 'n1' }).has({ kind: 'Node', name: 'n1', namespace: '' })).toBe(true);
});

test('kinds and durations as they are typed', () => {
  expect(['deploy', 'Deployments', 'po', 'cronjob', 'pvc', 'deployments.apps', 'ev'].map((word) => kindOfWord(word)?.kind)).toEqual([
    ...['Deployment', 'Deployment', 'Pod', 'CronJob', 'PersistentVolumeClaim', 'Deployment', 'Event'],
  ]);
  expect(readTypedObject(['web'], 'x')).toMatchObject({ kind: { kind: 'Pod' }, name: 'web' });
  for (const words of [['a/b/c'], ['deploy/'], ['/x'], ['nonsense/x']]) expect(() => readTypedObject(words, 'x')).toThrow(UsageError);
  expect([readSince('90s'), readSince('1h30m'), readSince('2d'), readSince(undefined)]).toEqual([
    90_000,
    5_400_000,
    172_800_000,
    undefined,
  ]);
  for (const text of ['', '5', '-1h', '0s', 'soon']) expect(() => readSince(text)).toThrow('--since');
});

test('bad command lines are refused before a cluster is asked', async () => {
  for (const argv of [['web'], ['--for', 'nonsense/x'], ['--types', 'Odd'], ['--since', 'x'], ['-A', '-n', 'x'], ['--tail', '1']])
    await expect(runEvents(argv, () => undefined)).rejects.toThrow(UsageError);
});
