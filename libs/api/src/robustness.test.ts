// No object, however odd, may make a kind throw: a request would become a 500 instead of a list of what is wrong.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryObject } from './arbitrary-object.ts';
import { kinds } from './index.ts';

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('%s', (_, kind) => {
  test('takes any object apart without throwing, and defaults it once', () => {
    fc.assert(
      fc.property(arbitraryObject(kind), arbitraryObject(kind), (object, other) => {
        for (const each of [object, other]) {
          kind.defaults(each);
          const once = structuredClone(each);
          kind.defaults(each);
          expect(each).toEqual(once);
          const errors = kind.validate(each);
          for (const error of errors) expect(error.field).toMatch(/^[\w[]/);
          kind.warnings(each);
          // Tables show stored objects only: a selector among them is one that validation let through.
          const isShown = !errors.some((error) => /selector/i.test(error.field));
          for (const column of isShown ? kind.columns : [])
            expect(['string', 'number', 'bigint', 'boolean']).toContain(typeof column.value(each, 0));
          for (const field of Object.values(kind.selectableFields)) expect(typeof field(each)).toBe('string');
          kind.strategy.gracePeriodSeconds?.(each);
        }
        kind.strategy.prepareForCreate?.(other, '2020-01-02T03:04:05Z');
        expect(kind.validateUpdate(other, other)).toEqual([]);
        kind.validateStatusUpdate(object, other);
        kind.strategy.prepareForUpdate?.(object, other);
        kind.validateUpdate(object, other);
        kind.strategy.generationChanged?.(object, other);
      }),
      { numRuns: 200 },
    );
  });
});
