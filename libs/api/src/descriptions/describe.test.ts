// Descriptions say something, about what there is; and every kind has one.

import type { MessageSchema, TypeSchema } from '@berth/machinery';
import { expect, test } from 'vitest';
import { Decision } from '../computed/decision.ts';
import { Change, Moment } from '../computed/history.ts';
import { betaKinds, kinds } from '../kind-list.ts';
import { schemas } from '../schemas.ts';
import { describe, descriptions } from './describe.ts';

const described = [...descriptions].flatMap(([type, fields]) => Object.entries(fields).map(([field, text]) => ({ type, field, text })));

test('types and fields that are described exist', () => {
  const types = new Set(schemas.names());
  expect([...descriptions.keys()].filter((type) => !types.has(type))).toEqual([]);
  const lost = described.filter(({ type, field }) => field !== '' && !schemas.message(type).byName.has(field));
  expect(lost.map(({ type, field }) => `${type}.${field}`)).toEqual([]);
});

test('every description is one or a few whole sentences', () => {
  expect(
    described.filter(({ text }) => !/^[A-Z$0-9].{8,250}\.$/.test(text)).map(({ type, field, text }) => `${type}.${field}: ${text}`),
  ).toEqual([]);
});

test('a field says something else than its type, since both are shown together', () => {
  const inner = (type: TypeSchema): TypeSchema => ('of' in type ? inner(type.of) : type);
  const twice = [...descriptions.keys()].flatMap((name) =>
    [...schemas.message(name).byName].flatMap(([field, { schema }]) => {
      const type = inner(schema);
      const own = describe(name, field);
      return type.kind === 'message' && own !== undefined && own === describe(type.message.name) ? [`${name}.${field}`] : [];
    }),
  );
  expect(twice).toEqual([]);
});

test.each([...kinds, ...betaKinds, Decision, Change, Moment].map(({ schema }) => [schema.name, schema] as const))(
  '%s is described down to its last field',
  (_, schema) => {
    const missing = [...reached(schema)].flatMap(({ name, byName }) =>
      ['', ...byName.keys()].flatMap((field) => (describe(name, field) ? [] : `${name}.${field}`)),
    );
    expect(missing).toEqual([]);
  },
);

function reached(message: MessageSchema, seen = new Set<MessageSchema>()): Set<MessageSchema> {
  if (seen.has(message)) return seen;
  seen.add(message);
  const enter = (type: TypeSchema): void => {
    if (type.kind === 'message') reached(type.message, seen);
    else if (type.kind !== 'scalar') enter(type.of);
  };
  for (const { schema } of message.byName.values()) enter(schema);
  return seen;
}
