import { expect, test } from 'vitest';
import { goText, goType } from './go-text.ts';

test.each([
  [{ b: [1, 'x y', null], a: { z: true } }, 'map[a:map[z:true] b:[1 x y <nil>]]', 'map[string]interface {}'],
  [[], '[]', '[]interface {}'],
  [1.5, '1.5', 'float64'],
  [7, '7', 'int64'],
  ['x', 'x', 'string'],
  [null, '<nil>', '<nil>'],
])('%j as Go prints it', (value, text, type) => expect([goText(value), goType(value)]).toEqual([text, type]));
