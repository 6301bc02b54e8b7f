// What a runtime's status means: trouble in its own words, and what it can do in one order, however it says it.
import { expect, test } from 'vitest';
import { healthOf } from './runtime-status.ts';

const condition = (type: string, status: boolean, message = '') => ({ type, status, reason: 'BecauseOfThis', message });
const well = { conditions: [condition('RuntimeReady', true), condition('NetworkReady', true)] };
const silent = { info: {}, runtimeHandlers: [], features: null };

test('one that is well and says nothing else', () => {
  expect(healthOf({ ...silent, status: well })).toEqual({});
  expect(healthOf({ ...silent, status: null })).toEqual({});
});

test('trouble is said by its message, or by its reason where there is none', () => {
  const conditions = [condition('RuntimeReady', false, 'no snapshots'), condition('NetworkReady', false)];
  expect(healthOf({ ...silent, status: { conditions } })).toEqual({ runtime: 'no snapshots', network: 'BecauseOfThis' });
});

test('handlers in the order of their names, also those that say nothing of themselves', () => {
  const runc = { name: 'runc', features: { recursiveReadOnlyMounts: true, userNamespaces: true } };
  const runtimeHandlers = [runc, { name: 'crun', features: null }, { ...runc, name: '' }];
  const can = { recursiveReadOnlyMounts: true, userNamespaces: true };
  const cannot = { recursiveReadOnlyMounts: false, userNamespaces: false };
  const handlers = [
    { name: '', ...can },
    { name: 'crun', ...cannot },
    { name: 'runc', ...can },
  ];
  expect(healthOf({ ...silent, status: well, runtimeHandlers })).toEqual({ handlers });
  expect(healthOf({ ...silent, status: well, runtimeHandlers: runtimeHandlers.reverse() })).toEqual({ handlers });
});
