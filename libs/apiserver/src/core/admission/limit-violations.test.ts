// Bounds of limit ranges, at their edges.
import { amountsOf, type LimitRangeItem } from '@berth/api';
import { expect, test } from 'vitest';
import { amountViolations } from './limit-violations.ts';

function violations(item: Partial<LimitRangeItem>, requests: Record<string, string>, limits: Record<string, string>): string[] {
  return amountViolations({ type: 'Container', ...item }, amountsOf(requests), amountsOf(limits));
}

test('a minimum holds for requests and for limits', () => {
  const min = { cpu: '100m' };
  expect(violations({ min }, { cpu: '100m' }, { cpu: '100m' })).toEqual([]);
  expect(violations({ min }, { cpu: '100m' }, {})).toEqual([]);
  expect(violations({ min }, { cpu: '99m' }, { cpu: '100m' })).toEqual(['minimum cpu usage per Container is 100m, but request is 99m']);
  expect(violations({ min }, { cpu: '100m' }, { cpu: '99m' })).toEqual(['minimum cpu usage per Container is 100m, but limit is 99m']);
});

test('a ratio may be as large as it says', () => {
  const maxLimitRequestRatio = { cpu: '2' };
  expect(violations({ maxLimitRequestRatio }, { cpu: '100m' }, { cpu: '200m' })).toEqual([]);
  expect(violations({ maxLimitRequestRatio }, { cpu: '100m' }, { cpu: '201m' })).toEqual([
    'cpu max limit to request ratio per Container is 2, but provided ratio is 2.010000',
  ]);
});
