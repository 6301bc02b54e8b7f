import { expect, test } from 'vitest';
import type { FeedState } from '../live/watch-feed.ts';
import { absent, isKnown } from './known.ts';

test.each<[FeedState, boolean]>([
  ['live', true],
  ['polling', true],
  ['loading', false],
  ['reconnecting', false],
  ['failed', false],
])('while a list is %s, that something is absent is known: %s', (state, known) => {
  expect(isKnown({ state }, { state: 'live' })).toBe(known);
  expect(absent('No pods.', { state: 'live' }, { state })).toBe(known ? 'No pods.' : '');
});
