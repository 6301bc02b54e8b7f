import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { EventThrottle } from './event-throttle.ts';

test('the same event is sent at once, then ever more seldom, and its count loses none', async () => {
  const clock = new SimulatedClock(0);
  const throttle = new EventThrottle(clock);
  const sent: [number, number][] = [];
  for (let second = 0; second < 1_200; second++) {
    const count = throttle.admit('a', 'Warning', 'BackOff');
    if (count > 0) sent.push([second, count]);
    await clock.advance(1_000);
  }
  expect(sent.map(([second]) => second)).toEqual([0, 10, 30, 70, 150, 310, 610, 910]);
  expect(sent.map(([, count]) => count)).toEqual([1, 10, 20, 40, 80, 160, 300, 300]);
});

test('after ten quiet minutes an event is news again', async () => {
  const clock = new SimulatedClock(0);
  const throttle = new EventThrottle(clock);
  for (let second = 0; second < 400; second++) {
    throttle.admit('a', 'Warning', 'BackOff');
    await clock.advance(1_000);
  }
  await clock.advance(601_000);
  expect(throttle.admit('a', 'Warning', 'BackOff')).toBe(1);
  await clock.advance(10_000);
  expect(throttle.admit('a', 'Warning', 'BackOff')).toBe(1);
});

test('of different events a pod sends 25 of a type, and one more each five minutes', async () => {
  const clock = new SimulatedClock(0);
  const throttle = new EventThrottle(clock);
  let number = 0;
  const send = (times: number, type = 'Warning', pod = 'a') =>
    Array.from({ length: times }, () => throttle.admit(pod, type, `attempt ${number++}`)).filter((count) => count > 0).length;
  expect(send(100)).toBe(25);
  expect(send(100, 'Normal')).toBe(25);
  expect(send(100, 'Warning', 'b')).toBe(25);
  await clock.advance(299_000);
  expect(send(10)).toBe(0);
  await clock.advance(1_000);
  expect(send(10)).toBe(1);
  throttle.forget('a');
  expect(send(100)).toBe(25);
});
