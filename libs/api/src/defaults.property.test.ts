// Defaults, for every kind: a valid object is accepted, what defaulting fills in is stable, and given values
// survive it. fast-check prints the seed of a failure.
import { apiVersionOf, isRecord, type KindDefinition, type KubeObject } from '@berth/machinery';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryObject } from './arbitrary-object.ts';
import { kinds } from './index.ts';
import { sampleOf } from './samples/every-kind.ts';
import { messages } from './validation/messages.ts';

function defaulted(kind: KindDefinition, object: KubeObject): KubeObject {
  const copy = structuredClone(object);
  kind.defaults(copy);
  return copy;
}

/** Given leaves that defaulting changed to another value; emptied or filled containers do not count. */
function overwritten(given: unknown, after: unknown, path = ''): string[] {
  if (isRecord(given)) {
    if (!isRecord(after)) return [path];
    return Object.entries(given).flatMap(([key, value]) => overwritten(value, after[key], `${path}.${key}`));
  }
  if (Array.isArray(given)) {
    if (given.length === 0) return [];
    if (!Array.isArray(after)) return [path];
    return given.flatMap((value, index) => overwritten(value, after[index], `${path}[${index}]`));
  }
  // Zero values stand for absence where Go's types have no pointer.
  if (given === '' || given === 0 || given === false || given === undefined) return [];
  return Object.is(given, after) ? [] : [path];
}

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('%s', (_, kind) => {
  test('a minimal object is valid once defaulted', () => {
    const sample = sampleOf(kind);
    expect([sample.apiVersion, sample.kind]).toEqual([apiVersionOf(kind), kind.kind]);
    const object = defaulted(kind, sample);
    expect(messages(kind.validate(object))).toEqual([]);
    expect(messages(kind.validateUpdate(object, structuredClone(object)))).toEqual([]);
    expect(overwritten(sample, object)).toEqual([]);
  });

  test('defaulting twice is defaulting once, and no result makes validation throw', () => {
    fc.assert(
      fc.property(arbitraryObject(kind), (object) => {
        const once = defaulted(kind, object);
        expect(defaulted(kind, once)).toEqual(once);
        for (const error of kind.validate(once)) expect(typeof error.detail).toBe('string');
      }),
      { numRuns: 60 },
    );
  });
});
