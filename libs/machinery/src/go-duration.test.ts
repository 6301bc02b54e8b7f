// Durations as Go reads and prints them.
import { expect, test } from 'vitest';
import { durationNanos, durationText } from './go-duration.ts';

test.each([
  ['0s', 0n],
  ['30s', 30_000_000_000n],
  ['1m30s', 90_000_000_000n],
  ['1.5s', 1_500_000_000n],
  ['1h0m0.000000001s', 3_600_000_000_001n],
  ['-2m0s', -120_000_000_000n],
  ['15ms', 15_000_000n],
  ['1.5µs', 1_500n],
  ['7ns', 7n],
])('%s is %d ns, and printed so', (text, nanos) => {
  expect(durationNanos(text)).toBe(nanos);
  expect(durationText(nanos)).toBe(text);
});

test.each(['', '1', 's', '1s2', '1 s', '9223372037s', '1d'])('%j is none', (text) => {
  expect(durationNanos(text)).toBeUndefined();
});
