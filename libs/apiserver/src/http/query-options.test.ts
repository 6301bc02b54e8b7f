// Options in a request's query: everything that is wrong with them is told at once, in Kubernetes' words.
import { expect, test } from 'vitest';
import {
  checkExport,
  checkedWatchSettings,
  checkTimeout,
  deleteSettings,
  formerWatchSettings,
  listSettings,
  patchSettings,
  refuseDryRun,
  writeSettings,
} from './query-options.ts';

const query = (text: string) => new URLSearchParams(text);

test('all that is wrong with the options of a write is told', () => {
  const wrong = () => writeSettings(query(`fieldManager=${'x'.repeat(129)}%07&dryRun=x&fieldValidation=y`), 'CreateOptions');
  for (const part of [
    'Too long',
    'invalid character U+0007 (at position 129)',
    'dryRun: Unsupported value: ["x"]',
    'fieldValidation: Unsu',
  ]) {
    expect(wrong).toThrow(part);
  }
  expect(writeSettings(query('fieldManager=%C3%BC&fieldValidation=Strict'), 'CreateOptions')).toMatchObject({ fieldValidation: 'Strict' });
});

test('an apply names its manager, and nothing else is forced', () => {
  expect(() => patchSettings(query('fieldManager=a%0Ab'), true)).toThrow('invalid character U+000A (at position 1)');
  expect(() => patchSettings(query('fieldValidation=y'), true)).toThrow('fieldManager: Required value: is required for apply patch');
  expect(() => patchSettings(query('force=0'), false)).toThrow('force: Forbidden: may not be specified for non-apply patch');
});

test('what a deletion does not have is not asked of it', () => {
  expect(deleteSettings(query('fieldValidation=y&fieldManager=%07'))).toMatchObject({ dryRun: false });
});

test('what a deletion in the query is on condition of', () => {
  expect(deleteSettings(query('uid=a&resourceVersion=7'))).toMatchObject({ preconditions: { uid: 'a', resourceVersion: '7' } });
  expect(deleteSettings(query('resourceVersion=7')).preconditions).toEqual({ resourceVersion: '7' });
  expect(deleteSettings(query('uid=')).preconditions).toBeUndefined();
});

test.each([
  ['x', 'time: invalid duration "x"'],
  ['1', 'time: missing unit in duration "1"'],
  ['1q', 'time: unknown unit "q" in duration "1q"'],
])('timeout=%s is none', (value, problem) => {
  expect(() => checkTimeout(query(`timeout=${value}`))).toThrow(`invalid timeout specified in the request URL - ${problem}`);
});

test('a timeout and no export are let through', () => {
  for (const text of ['timeout=1m30s', 'timeout=', 'export=false', '']) {
    checkTimeout(query(text));
    checkExport(query(text));
  }
  expect(() => checkExport(query('export='))).toThrow('the export parameter, deprecated since v1.14, is no longer supported');
});

test('numbers that are none are told of before selectors that cannot be read', () => {
  expect(() => listSettings(query('labelSelector=a%20b&limit=x'))).toThrow('strconv.ParseInt: parsing "x": invalid syntax');
  expect(() => listSettings(query('fieldSelector=a&limit=x&timeoutSeconds=y'))).toThrow('strconv.ParseInt: parsing "y": invalid syntax');
  expect(() => listSettings(query('labelSelector=a%20b&limit=1'))).toThrow("found 'b', expected: in, notin");
  expect(() => listSettings(query('fieldSelector=a'))).toThrow("can't understand 'a'");
});

test('the options of a watch in its path are those of a list, unless the query asks for a watch as well', () => {
  expect(formerWatchSettings(query('allowWatchBookmarks=1'))).toMatchObject({ allowWatchBookmarks: true, marksInitialEnd: false });
  expect(formerWatchSettings(query('watch=1'))).not.toHaveProperty('marksInitialEnd');
  const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0';
  expect(() => formerWatchSettings(query(initial))).toThrow('sendInitialEvents is forbidden for list');
  expect(formerWatchSettings(query(`watch=true&${initial}`))).toMatchObject({ sendInitialEvents: true });
  expect(() => formerWatchSettings(query('watch=1&resourceVersionMatch=NotOlderThan&resourceVersion=0'))).toThrow(
    'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
  );
});

test('a watch from no version on goes on from no page', () => {
  for (const text of ['continue=x', 'continue=x&resourceVersion=0'])
    expect(() => checkedWatchSettings(query(text))).toThrow('resourceVersionMatch is forbidden when continue is provided');
  expect(checkedWatchSettings(query('continue=x&resourceVersion=7'))).toMatchObject({ continue: 'x' });
});

test('a dry run is none of what is passed on', () => {
  expect(() => refuseDryRun(query('dryRun='))).toThrow('dryRun is not supported');
  refuseDryRun(query('x=1'));
});
