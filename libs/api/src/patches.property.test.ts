// Every type of patch does what its definition says, for every kind: what a small reference computes as the difference of two
// objects turns the one into the other. fast-check prints the seed of a failure.
import { apiVersionOf, applyJsonPatch, applyMergePatch, applyStrategicMergePatch, deepEqual } from '@berth/machinery';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryObject } from './arbitrary-object.ts';
import { Deployment, kinds, kindViews, Pod } from './index.ts';
import { jsonDiff, mergeDiff, mergePatchByTheBook, strategicDiff, wellKeyed } from './patch-references.ts';
import { sampleDeployment, samplePod } from './samples.ts';

describe.each([...kinds, ...kindViews].map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))('%s', (_, kind) => {
  const pair = fc.tuple(arbitraryObject(kind), arbitraryObject(kind));

  test('every type of patch turns one object into the other, and changes neither', () => {
    fc.assert(
      fc.property(pair, (objects) => {
        const [from, to] = objects.map((object) => wellKeyed(kind.schema, { ...object })) as [object, object] as Record<string, unknown>[];
        if (!from || !to) throw new Error('a pair has two objects');
        const before = structuredClone([from, to]);
        expect(applyJsonPatch(from, jsonDiff(from, to))).toEqual(to);
        expect(applyMergePatch(from, mergeDiff(from, to))).toEqual(to);
        const strategic = strategicDiff(kind.schema, from, to);
        expect(applyStrategicMergePatch(kind.schema, from, strategic)).toEqual(to);
        // Saying it once more says nothing new.
        expect(applyStrategicMergePatch(kind.schema, to, strategic)).toEqual(to);
        expect([from, to]).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  test('a merge patch is merged by the book', () => {
    fc.assert(
      fc.property(pair, fc.array(fc.nat()), ([target, patch], nulls) => {
        const holed = withNulls({ ...patch }, nulls);
        expect(applyMergePatch(target, holed)).toEqual(mergePatchByTheBook(target, holed));
      }),
      { numRuns: 25 },
    );
  });
});

/** Some members, at any depth, set to null. */
function withNulls(object: Record<string, unknown>, choices: number[]): Record<string, unknown> {
  const [choice, ...rest] = choices;
  const keys = Object.keys(object);
  const key = choice === undefined ? undefined : keys[choice % keys.length];
  if (key === undefined) return object;
  const inner = object[key];
  const next = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? withNulls({ ...inner }, rest) : null;
  return { ...object, [key]: next };
}

/** JSON as it comes over the wire, where there is no -0; `__proto__` is refused before it gets to patches. */
function anyJson(): fc.Arbitrary<unknown> {
  return fc
    .json({ maxDepth: 4 })
    .filter((text) => !text.includes('__proto__'))
    .map((text) => JSON.parse(text.replaceAll('-0', '0')) as unknown);
}

test('merge patches of any JSON, objects or not', () => {
  const json = anyJson();
  fc.assert(
    fc.property(json, json, (target, patch) => {
      expect(applyMergePatch(target, patch)).toEqual(mergePatchByTheBook(target, patch));
    }),
    { numRuns: 500 },
  );
});

test('JSON patches of any JSON, and a test that fails where the value is another', () => {
  const json = anyJson();
  fc.assert(
    fc.property(json, json, (from, to) => {
      expect(applyJsonPatch(from, jsonDiff(from, to))).toEqual(to);
      const check = () => applyJsonPatch(from, [{ op: 'test', path: '', value: to }]);
      if (deepEqual(from, to)) expect(check()).toEqual(from);
      else expect(check).toThrow(expect.objectContaining({ why: 'testing value  failed: test failed' }));
    }),
    { numRuns: 500 },
  );
});

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 });
const images = fc.constantFrom('x', 'y', 'z');
const containers = names.chain((list) => fc.tuple(...list.map((name) => images.map((image) => ({ name, image })))));

describe('directives of a strategic merge patch', () => {
  const apply = (spec: object, patch: object) =>
    (applyStrategicMergePatch(Pod.schema, { spec }, { spec: patch }) as { spec: { containers: { name: string; image: string }[] } }).spec;

  test('lists with a merge key are maps', () => {
    fc.assert(
      fc.property(containers, containers, (before, given) => {
        const merged = apply({ containers: before }, { containers: given }).containers;
        const asMap = (list: { name: string; image: string }[]) => new Map(list.map(({ name, image }) => [name, image]));
        expect(asMap(merged)).toEqual(new Map([...asMap(before), ...asMap(given)]));
        expect(merged.length).toBe(asMap(merged).size);
      }),
    );
  });

  test('$patch deletes elements and replaces lists; $setElementOrder orders', () => {
    fc.assert(
      fc.property(containers, containers, names, (before, given, gone) => {
        const removals = gone.map((name) => ({ $patch: 'delete', name }));
        const left = before.filter(({ name }) => !gone.includes(name));
        expect(apply({ containers: before }, { containers: removals }).containers).toEqual(left);
        expect(apply({ containers: before }, { containers: [...given, { $patch: 'replace' }] }).containers).toEqual(given);
        const order = [...before].reverse();
        const ordered = apply({ containers: before }, { '$setElementOrder/containers': order.map(({ name }) => ({ name })) });
        expect(ordered.containers).toEqual(order);
      }),
    );
  });

  test('$patch on objects', () => {
    const labelled = { ...samplePod(), metadata: { name: 'web', labels: { a: '1', b: '2' } } };
    const labels = (patch: object) =>
      (applyStrategicMergePatch(Pod.schema, labelled, { metadata: { labels: patch } }) as typeof labelled).metadata.labels;
    expect(labels({ $patch: 'replace', c: '3' })).toEqual({ c: '3' });
    expect(labels({ $patch: 'delete' })).toEqual({});
    // Kubernetes' patches are merges, and know no word for it.
    expect(() => labels({ $patch: 'merge', a: null })).toThrow('unknown patch type: merge');
    expect(() => labels({ $patch: 'shake' })).toThrow('unknown patch type');
  });

  test('$retainKeys keeps what it names', () => {
    const deployment = sampleDeployment({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } });
    const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
    const patched = applyStrategicMergePatch(Deployment.schema, deployment, patch) as Deployment;
    expect(patched.spec.strategy).toEqual({ type: 'Recreate' });
  });

  test('$deleteFromPrimitiveList takes from sets, and others join', () => {
    const words = fc.uniqueArray(fc.constantFrom('a/a', 'b/b', 'c/c', 'd/d'));
    fc.assert(
      fc.property(words, words, words, (before, gone, added) => {
        const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': gone, finalizers: added } };
        const object = { ...samplePod(), metadata: { name: 'web', finalizers: before } };
        const { finalizers } = (applyStrategicMergePatch(Pod.schema, object, patch) as Pod).metadata;
        const wanted = new Set([...before.filter((word) => !gone.includes(word)), ...added]);
        expect(new Set(finalizers)).toEqual(wanted);
        expect(finalizers?.length).toBe(wanted.size);
      }),
    );
  });
});
