import { selectorText } from '@berth/machinery';
import { expect, test } from 'vitest';
import { selectedBy } from './selected-by.ts';

test('a workload leads to its own pods and to no others whose names begin alike', () => {
  const selects = selectedBy(
    selectorText({ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] }),
  );
  const labels: (Record<string, string> | undefined)[] = [
    { app: 'web', tier: 'a' },
    { app: 'web-admin', tier: 'a' },
    { app: 'web' },
    undefined,
  ];
  expect(labels.map(selects)).toEqual([true, false, false, false]);
});

test('no selector chooses everything, and one that cannot be read nothing', () => {
  expect(selectedBy(null)(undefined)).toBe(true);
  expect(selectedBy('a in (')({ a: '1' })).toBe(false);
});
