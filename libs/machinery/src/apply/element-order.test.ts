import { expect, test } from 'vitest';
import { compareElements, orderedText } from './element-order.ts';

test('the element itself comes first, then members, items by key, values and places', () => {
  const expected = [
    '.',
    'f:A',
    'f:a',
    'f:a.b',
    'f:aa',
    'k:{"containerPort":80,"protocol":"TCP"}',
    'k:{"containerPort":80,"protocol":"UDP"}',
    'k:{"containerPort":443,"protocol":"TCP"}',
    'k:{"name":"web"}',
    'k:{"name":"web-2"}',
    'k:{"type":"Ready"}',
    'v:9',
    'v:10',
    'v:"10"',
    'v:"9"',
    'v:true',
    'i:2',
    'i:10',
  ];
  expect([...expected].reverse().sort(compareElements)).toEqual(expected);
});

test('a set is written in order at every depth', () => {
  const set = { 'f:spec': { 'f:ports': { 'k:{"port":443}': { 'f:port': {}, '.': {} }, '.': {}, 'k:{"port":80}': {} } }, 'f:metadata': {} };
  expect(orderedText(set)).toBe(
    '{"f:metadata":{},"f:spec":{"f:ports":{".":{},"k:{\\"port\\":80}":{},"k:{\\"port\\":443}":{".":{},"f:port":{}}}}}',
  );
});
