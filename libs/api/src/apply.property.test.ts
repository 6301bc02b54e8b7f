// Server-side apply for every kind: managers of different fields never meet, whatever their order; managers of the same field
// meet exactly when they want different values. fast-check prints the seed of a failure.
import {
  apiVersionOf,
  applyConfiguration,
  isRecord,
  type KindDefinition,
  type KubeObject,
  managedFieldsOf,
  StatusError,
} from '@berth/machinery';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applicable, type Leaf, leavesOf, owns, together, unordered } from './apply-references.ts';
import { arbitraryObject } from './arbitrary-object.ts';
import { customListKind } from './custom/list-types-for-tests.ts';
import { kinds, kindViews } from './index.ts';

type Json = Record<string, unknown>;

const everyKind = [...kinds, ...kindViews, customListKind];

/** An object as somebody would apply it: of its metadata, only what can be owned. */
function configurationOf(kind: KindDefinition, object: KubeObject): Json {
  const { labels, annotations, finalizers } = object.metadata;
  const { apiVersion: _version, kind: _kind, ...rest } = object;
  return applicable(kind.schema, { ...rest, metadata: defined({ labels, annotations, finalizers }) });
}

function defined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

class Applier {
  readonly #kind: KindDefinition;

  constructor(kind: KindDefinition) {
    this.#kind = kind;
  }

  apply(live: KubeObject | undefined, manager: string, configuration: Json, force = false): KubeObject {
    const { metadata, ...rest } = configuration;
    const applied = {
      ...rest,
      apiVersion: apiVersionOf(this.#kind),
      kind: this.#kind.kind,
      metadata: { ...(metadata as object | undefined), name: 'web' },
    } as unknown as KubeObject;
    const author = { manager, apiVersion: apiVersionOf(this.#kind), time: '2026-01-02T03:04:05Z' };
    return applyConfiguration({ message: this.#kind.schema, live, applied, author, force });
  }
}

function ownership(object: KubeObject): Record<string, unknown> {
  return Object.fromEntries((managedFieldsOf(object) ?? []).map(({ manager, fieldsV1 }) => [String(manager), fieldsV1]));
}

function content(object: KubeObject): unknown {
  const { metadata, ...rest } = object;
  return unordered({ ...rest, metadata: { ...metadata, managedFields: undefined } });
}

/** Another value of the same type; undefined where there is no simple one. */
function other(value: unknown): unknown {
  if (typeof value === 'string') return `${value}x`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return Array.isArray(value) && value.length > 0 ? [] : undefined;
}

function conflictOf(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('there was no conflict');
}

describe.each(everyKind.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))('%s', (_, kind) => {
  const applier = new Applier(kind);
  const configuration = arbitraryObject(kind).map((object) => configurationOf(kind, object));
  const withLeaf = fc
    .tuple(configuration, fc.nat())
    .map(([whole, choice]) => {
      const leaves = leavesOf(kind.schema, whole).filter(({ value }) => other(value) !== undefined);
      return { whole, leaf: leaves[choice % leaves.length] };
    })
    .filter((found): found is { whole: Json; leaf: Leaf } => found.leaf !== undefined);

  test('two managers with different fields commute', () => {
    fc.assert(
      fc.property(configuration, fc.infiniteStream(fc.boolean()), (whole, coins) => {
        const leaves = leavesOf(kind.schema, whole);
        const sides = leaves.map((leaf) => ({ leaf, isFirst: coins.next().value === true }));
        const part = (wanted: boolean) =>
          together(
            kind.schema,
            sides.filter(({ isFirst }) => isFirst === wanted).map(({ leaf }) => leaf.configured(leaf.value)),
          );
        const [one, two] = [part(true), part(false)];
        const forth = applier.apply(applier.apply(undefined, 'one', one), 'two', two);
        const back = applier.apply(applier.apply(undefined, 'two', two), 'one', one);
        expect(content(forth)).toEqual(content(back));
        expect(ownership(forth)).toEqual(ownership(back));
        for (const { leaf, isFirst } of sides) expect(owns(ownership(forth)[isFirst ? 'one' : 'two'], leaf.steps)).toBe(true);
        // Applying the same again changes nothing.
        expect(applier.apply(forth, 'one', one)).toEqual(forth);
      }),
      { numRuns: 30 },
    );
  });

  test('other values conflict and name the owner; force takes over; equal values are shared', () => {
    fc.assert(
      fc.property(withLeaf, ({ whole, leaf }) => {
        const live = applier.apply(undefined, 'one', whole);
        const wanted = leaf.configured(other(leaf.value));
        const conflict = conflictOf(() => applier.apply(live, 'two', wanted));
        expect([conflict.code, conflict.reason]).toEqual([409, 'Conflict']);
        expect(conflict.message).toContain('conflict with "one"');

        const taken = applier.apply(live, 'two', wanted, true);
        expect(leavesOf(kind.schema, taken as unknown as Json).find((found) => sameSteps(found, leaf))?.value).toEqual(other(leaf.value));
        expect(owns(ownership(taken).two, leaf.steps)).toBe(true);
        expect(owns(ownership(taken).one, leaf.steps)).toBe(false);

        const shared = applier.apply(live, 'two', leaf.configured(leaf.value));
        expect(content(shared)).toEqual(content(live));
        for (const manager of ['one', 'two']) expect(owns(ownership(shared)[manager], leaf.steps)).toBe(true);
        // What one of two owners gives up stays; what the last gives up goes.
        const kept = applier.apply(shared, 'one', {});
        expect(leavesOf(kind.schema, kept as unknown as Json).find((found) => sameSteps(found, leaf))?.value).toEqual(leaf.value);
        const gone = applier.apply(kept, 'two', {});
        expect(leavesOf(kind.schema, gone as unknown as Json).find((found) => sameSteps(found, leaf))).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});

function sameSteps(a: Leaf, b: Leaf): boolean {
  return JSON.stringify(a.steps) === JSON.stringify(b.steps) && !isRecord(a.value);
}
