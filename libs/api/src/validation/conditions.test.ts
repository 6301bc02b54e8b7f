import { fieldMessage } from '@berth/machinery';
import { expect, test } from 'vitest';
import type { Condition } from '../generated/meta-v1.types.ts';
import { validateConditions } from './conditions.ts';

const good: Condition = { type: 'Ready', status: 'True', reason: 'AllGood', message: '', lastTransitionTime: '2030-01-01T00:00:00Z' };

function errors(...parts: Partial<Condition>[]): string[] {
  const conditions = parts.map((part) => ({ ...good, ...part }));
  return validateConditions(conditions, 'c').map((error) => `${error.field}: ${fieldMessage(error)}`);
}

test('a condition has a type, a status, a time and a reason that programs can read', () => {
  expect(errors({}, { type: 'example.com/Other', reason: 'A:b_C' })).toEqual([]);
  const nothing = { type: '', status: '', reason: '', lastTransitionTime: '', observedGeneration: -1 };
  expect(errors(nothing)).toEqual([
    expect.stringContaining('c[0].type: Invalid value: "": name part must be non-empty'),
    expect.stringContaining('c[0].type: Invalid value: "": name part must consist of alphanumeric characters'),
    'c[0].status: Unsupported value: "": supported values: "False", "True", "Unknown"',
    'c[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero',
    'c[0].lastTransitionTime: Required value',
    'c[0].reason: Required value',
  ]);
  expect(errors({ reason: 'a--b' })).toEqual([
    `c[0].reason: Invalid value: "a--b": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')`,
  ]);
});

test('each type stands once, and texts are short', () => {
  expect(errors({}, {})).toEqual(['c[1].type: Duplicate value: "Ready"']);
  expect(errors({ reason: 'a'.repeat(1025), message: 'b'.repeat(32769) })).toEqual([
    'c[0].reason: Too long: may not be more than 1024 bytes',
    'c[0].message: Too long: may not be more than 32768 bytes',
  ]);
});
