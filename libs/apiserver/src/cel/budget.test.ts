// That a budget ends an evaluation, whatever becomes of the error.
import { expect, test } from 'vitest';
import { Budget, Meter, unitsOf } from './budget.ts';

const tooMuch = 'the expression takes too much';

test('what swallows the error, or throws another, is told all the same', () => {
  const meter = new Meter();
  const swallowing = (result: () => unknown) => () =>
    meter.run(new Budget(1), () => {
      expect(() => meter.spend(2)).toThrow(tooMuch);
      return result();
    });
  expect(swallowing(() => true)).toThrow(tooMuch);
  expect(
    swallowing(() => {
      throw new Error('another');
    }),
  ).toThrow(tooMuch);
});

test('what is within it is left alone, and nothing is spent once an evaluation is over', () => {
  const meter = new Meter();
  const budget = new Budget(1);
  expect(meter.run(budget, () => 'value')).toBe('value');
  meter.spend(10);
  expect(budget.isExhausted).toBe(false);
});

test.each([
  ['x'.repeat(20), 2],
  [[1n, 2n], 2],
  [new Map([['a', 1n]]), 1],
  [new Uint8Array(10), 1],
  [7n, 0],
  [null, 0],
])('%o costs %d', (value, units) => {
  expect(unitsOf(value)).toBe(units);
});
