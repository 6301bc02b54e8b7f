// Options in a request's query: everything that is wrong with them is told at once, in Kubernetes' words.
import { expect, test } from 'vitest';
import { checkExport, checkTimeout, deleteSettings, listSettings, patchSettings, writeSettings } from './query-options.ts';

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

test('selectors that cannot be read are told of before options', () => {
  expect(() => listSettings(query('labelSelector=a%20b&limit=x'))).toThrow("found 'b', expected: in, notin");
  expect(() => listSettings(query('fieldSelector=a&limit=x'))).toThrow("can't understand 'a'");
});
