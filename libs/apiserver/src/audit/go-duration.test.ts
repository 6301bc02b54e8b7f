import { expect, test } from 'vitest';
import { goDuration } from './go-duration.ts';

test.each([
  [0, '0s'],
  [0.000317, '317ns'],
  [0.003056, '3.056µs'],
  [0.629994, '629.994µs'],
  [1, '1ms'],
  [500.5, '500.5ms'],
  [999.9999999, '1s'],
  [4730.661757, '4.730661757s'],
  [60_000, '1m0s'],
  [61_500, '1m1.5s'],
  [3_600_000, '1h0m0s'],
  [93_784_001, '26h3m4.001s'],
])('%s ms is %s', (durationMs, text) => {
  expect(goDuration(durationMs)).toBe(text);
});
