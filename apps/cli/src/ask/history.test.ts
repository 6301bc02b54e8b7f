// Moments and objects as they are typed, lines as they are read, and what is refused before a cluster is asked.
import type { Change } from '@berth/api';
import { UsageError } from '@berth/telemetry/command-line';
import { expect, test } from 'vitest';
import { plain } from '../terminal.ts';
import { runAt } from './at.ts';
import { changeLines } from './change-lines.ts';
import { runHistory } from './history.ts';
import { readMoment } from './moment-word.ts';

const now = new Date(2026, 0, 15, 12, 0, 0).getTime();
const ports = { print: () => undefined, note: () => undefined, paint: plain };

test('a moment is how long ago, the last such time of the day, or a date', () => {
  const read = (text: string) => readMoment(text, 'TIME', now);
  expect(['10m', '1h30m', '2d', '90s'].map((text) => now - read(text))).toEqual([600_000, 5_400_000, 172_800_000, 90_000]);
  expect(read('11:30')).toBe(new Date(2026, 0, 15, 11, 30).getTime());
  expect(read('9:05:07')).toBe(new Date(2026, 0, 15, 9, 5, 7).getTime());
  expect(read('12:01')).toBe(new Date(2026, 0, 14, 12, 1).getTime());
  expect(read('2026-01-01T00:00:00.250+01:00')).toBe(Date.parse('2025-12-31T23:00:00.250Z'));
  expect(read('2026-01-15 11:00')).toBe(new Date(2026, 0, 15, 11).getTime());
  for (const text of ['', 'noon', '25:00', '12:60', '10', '-5m', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01'])
    expect(() => read(text)).toThrow(/TIME: .* is no time: a time is such as 10m/);
  expect(() => read('2026-01-15T23:00:00Z')).toThrow('is in the future');
});

const change = (more: Partial<Change>): Change => ({
  ...{ apiVersion: 'history.berth.io/v1alpha1', kind: 'Change', metadata: { name: '1.deployments.web', namespace: 'shop' } },
  ...{ time: new Date(now - 60_000).toISOString(), type: 'Updated', action: 'Scaled', message: 'scaled 2 → 5' },
  object: { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web' },
  ...more,
});

test('a line says when, what, how and who, with fields from what to what', () => {
  const fields = [{ path: 'spec.replicas', before: '2', after: '5' }, { path: 'status.replicas', after: '5' }, { path: 'data.token' }];
  const accounts = 'system:serviceaccount:kube-system:deployment-controller';
  const changes = [
    change({ user: 'ann', client: 'kubectl', fields }),
    change({ type: 'Deleted', action: 'Deleted', message: 'deleted', user: accounts, time: '', client: '' }),
    change({ time: new Date(now - 86_400_000).toISOString(), message: '' }),
  ];
  expect(changeLines(changes, { withNamespace: false, withDiff: true, now }, plain)).toEqual([
    '11:59:00             deployment/web  scaled 2 → 5  by ann (kubectl)',
    '    - spec.replicas: 2',
    '    + spec.replicas: 5',
    '    data.token: changed, not shown',
    'unknown              deployment/web  deleted  by deployment-controller',
    '2026-01-14 12:00:00  deployment/web  updated  by nobody that is known',
  ]);
  const [line] = changeLines(changes.slice(0, 1), { withNamespace: true, withDiff: false, now }, plain);
  expect(line).toBe('11:59:00  shop/deployment/web  scaled 2 → 5  by ann (kubectl)');
});

test('bad command lines are refused before a cluster is asked', async () => {
  const histories = [
    ['web'],
    ['a/b/c'],
    ['deploy/'],
    ['-A', '-n', 'x'],
    ['--since', 'soon'],
    ['--limit', '0'],
    ['-o', 'wide'],
    ['--tail', '1'],
  ];
  histories.push(['--since', '1h', '--until', '2h'], ['--until', '2999-01-01T00:00:00Z']);
  for (const argv of histories) await expect(runHistory(argv, ports), argv.join(' ')).rejects.toThrow(UsageError);
  const moments = [
    [],
    ['10m'],
    ['10m', 'get'],
    ['10m', 'describe', 'pods'],
    ['soon', 'get', 'pods'],
    ['10m', 'get', 'a/b/c'],
    ['10m', 'get', '/web'],
  ];
  moments.push(['10m', 'get', 'pods', '-A', '-n', 'x'], ['10m', 'get', 'pods', 'a', '-A'], ['10m', 'get', 'pods', 'a', '-l', 'x=y']);
  moments.push(['10m', 'get', 'deploy/web', 'b'], ['10m', 'get', 'pods', '-o', 'xml'], ['2999-01-01T00:00:00Z', 'get', 'pods']);
  for (const argv of moments) await expect(runAt(argv, ports), argv.join(' ')).rejects.toThrow(UsageError);
});
