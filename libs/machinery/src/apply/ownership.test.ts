import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../object.ts';
import { SchemaRegistry } from '../schema.ts';
import { StatusError } from '../status.ts';
import { type ApplyRequest, applyConfiguration, managedAfterUpdate, managedFieldsOf, setManagedFields } from './ownership.ts';

const registry = new SchemaRegistry();
registry.add('t.v1', {
  Meta: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'labels', type: 'map:string', omitempty: true },
      { name: 'finalizers', type: '[]string', listType: 'set', omitempty: true },
    ],
  },
  Port: {
    fields: [
      { name: 'port', type: 'int32', omitempty: true },
      { name: 'protocol', type: 'string', default: 'TCP' },
      { name: 'host', type: 'string' },
    ],
  },
  Item: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'image', type: 'string' },
      { name: 'args', type: '[]string', listType: 'atomic', omitempty: true },
      { name: 'ports', type: '[]t.v1.Port', listType: 'map', listMapKeys: ['port', 'protocol'], omitempty: true },
    ],
  },
  Spec: {
    fields: [
      { name: 'replicas', type: 'int32', pointer: true, omitempty: true },
      { name: 'items', type: '[]t.v1.Item', listType: 'map', listMapKeys: ['name'], omitempty: true },
      { name: 'selector', type: 'map:string', atomic: true, omitempty: true },
      { name: 'strategy', type: 't.v1.Item' },
    ],
  },
  Thing: {
    fields: [
      { name: 'apiVersion', type: 'string' },
      { name: 'kind', type: 'string' },
      { name: 'metadata', type: 't.v1.Meta' },
      { name: 'spec', type: 't.v1.Spec' },
    ],
  },
});
const message = registry.message('t.v1.Thing');

interface Thing extends KubeObject {
  spec?: Record<string, unknown>;
}

function thing(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): Thing {
  return { apiVersion: 't/v1', kind: 'Thing', metadata: { name: 'a', ...metadata }, spec };
}

function author(manager: string, time = '2026-01-01T00:00:00Z') {
  return { manager, apiVersion: 't/v1', time };
}

function apply(live: Thing | undefined, manager: string, applied: Thing, more: Partial<ApplyRequest> = {}): Thing {
  return applyConfiguration({ message, live, applied, author: author(manager), force: false, ...more }) as Thing;
}

function update(live: Thing | undefined, manager: string, next: Thing): Thing {
  const copy = structuredClone(next);
  setManagedFields(copy, managedAfterUpdate(message, live, copy, author(manager)));
  return copy;
}

function owners(object: Thing): Record<string, unknown> {
  return Object.fromEntries((managedFieldsOf(object) ?? []).map((entry) => [`${entry.manager}/${entry.operation}`, entry.fieldsV1]));
}

function failure(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('applyConfiguration', () => {
  it('owns what is applied, and nothing of identity', () => {
    const made = apply(undefined, 'me', thing({ replicas: 2, items: [{ name: 'x', image: 'i' }] }, { labels: { a: '1' } }));
    expect(owners(made)).toEqual({
      'me/Apply': {
        'f:metadata': { 'f:labels': { 'f:a': {} } },
        'f:spec': { 'f:replicas': {}, 'f:items': { 'k:{"name":"x"}': { '.': {}, 'f:name': {}, 'f:image': {} } } },
      },
    });
  });

  it('shares fields on which two agree, and refuses to change what others own', () => {
    const first = apply(undefined, 'one', thing({ replicas: 2 }));
    const shared = apply(first, 'two', thing({ replicas: 2 }));
    // Who changes nothing gets no time, as in Kubernetes.
    expect(Object.keys(owners(shared))).toEqual(['two/Apply', 'one/Apply']);
    const error = failure(() => apply(shared, 'two', thing({ replicas: 3 })));
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.replicas');
    expect(error.code).toBe(409);
  });

  it('lists many conflicts by manager, as kubectl prints them', () => {
    const made = update(undefined, 'kubectl-client-side-apply', thing({ replicas: 2, items: [{ name: 'x', image: 'i' }] }));
    const error = failure(() => apply(made, 'two', thing({ replicas: 3, items: [{ name: 'x', image: 'j', ports: [] }] })));
    expect(error.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using t/v1:\n- .spec.replicas\n- .spec.items[name="x"].image',
    );
    expect(error.status.details?.causes?.[0]).toEqual({
      reason: 'FieldManagerConflict',
      message: 'conflict with "kubectl-client-side-apply" using t/v1',
      field: '.spec.replicas',
    });
  });

  it('takes fields over by force, and drops managers that own nothing any more', () => {
    const made = apply(undefined, 'one', thing({ replicas: 2 }));
    const taken = apply(made, 'two', thing({ replicas: 3 }), { force: true });
    expect(taken.spec).toEqual({ replicas: 3 });
    expect(owners(taken)).toEqual({ 'two/Apply': { 'f:spec': { 'f:replicas': {} } } });
  });

  it('removes what its manager applies no more, unless others own it', () => {
    const first = apply(
      undefined,
      'one',
      thing({ replicas: 2, items: [{ name: 'x', image: 'i' }, { name: 'y' }] }, { labels: { a: '1' } }),
    );
    const second = apply(first, 'two', thing({ items: [{ name: 'y', image: 'mine' }] }));
    const third = apply(second, 'one', thing({}));
    expect(third.spec).toEqual({ items: [{ name: 'y', image: 'mine' }] });
    expect(third.metadata.labels).toBeUndefined();
  });

  it('keeps the places of list items that others own, and the order of those applied', () => {
    const live = update(undefined, 'x', thing({ items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }));
    const next = apply(live, 'me', thing({ items: [{ name: 'c' }, { name: 'd' }, { name: 'a' }] }));
    expect(next.spec?.items).toEqual(['c', 'd', 'a', 'b'].map((name) => ({ name })));
  });

  it('owns atomic values as a whole, list items by all their keys, and set elements by value', () => {
    const applied = thing(
      { selector: { a: '1' }, items: [{ name: 'x', args: ['a'], ports: [{ port: 80, host: 'h' }] }] },
      { finalizers: ['f/x'] },
    );
    const made = apply(undefined, 'me', applied);
    expect(owners(made)['me/Apply']).toEqual({
      'f:metadata': { 'f:finalizers': { 'v:"f/x"': {} } },
      'f:spec': {
        'f:selector': {},
        'f:items': {
          'k:{"name":"x"}': {
            '.': {},
            'f:name': {},
            'f:args': {},
            'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:host': {} } },
          },
        },
      },
    });
    expect(failure(() => apply(made, 'you', thing({ selector: { b: '2' } }))).message).toContain('.spec.selector');
    const gone = apply(made, 'me', thing({ items: [{ name: 'x' }] }));
    expect(gone).toMatchObject({ metadata: { name: 'a' }, spec: { items: [{ name: 'x' }] } });
    expect(gone.metadata.finalizers).toBeUndefined();
  });

  it('refuses lists that contradict themselves', () => {
    expect(failure(() => apply(undefined, 'me', thing({ items: [{ name: 'x' }, { name: 'x' }] }))).message).toContain('duplicate entries');
  });

  it('takes a missing key for the zero, where Go always writes it', () => {
    const made = apply(undefined, 'me', thing({ items: [{ image: 'x' }] }));
    expect(owners(made)['me/Apply']).toMatchObject({ 'f:spec': { 'f:items': { 'k:{"name":""}': { 'f:image': {} } } } });
    expect(failure(() => apply(undefined, 'me', thing({ items: [{ image: 'x' }, { image: 'y' }] }))).message).toContain(
      'duplicate entries',
    );
  });

  it('gives what was there before ownership was tracked to before-first-apply', () => {
    const next = apply(thing({ replicas: 1 }), 'me', thing({ strategy: { image: 'a' } }));
    expect(Object.keys(owners(next))).toEqual(['me/Apply', 'before-first-apply/Update']);
  });

  it('keeps an entry and its time when nothing changes', () => {
    const made = apply(undefined, 'me', thing({ replicas: 2 }));
    expect(apply(made, 'me', thing({ replicas: 2 }), { author: author('me', '2027-01-01T00:00:00Z') })).toEqual(made);
  });
});

describe('managedAfterUpdate', () => {
  it('gives changed fields to whoever changed them', () => {
    const made = update(undefined, 'one', thing({ replicas: 1, strategy: { image: 'a' } }));
    const next = update(made, 'two', thing({ replicas: 2, strategy: { image: 'a' } }));
    expect(owners(next)).toEqual({
      'one/Update': { 'f:spec': { 'f:strategy': { 'f:image': {} } } },
      'two/Update': { 'f:spec': { 'f:replicas': {} } },
    });
  });

  it('merges the oldest of more than ten managers', () => {
    let object = update(undefined, 'm', thing({ replicas: 1 }));
    for (let i = 0; i < 14; i++) {
      const labels = { ...object.metadata.labels, [`l${i}`]: 'x' };
      const next = { ...object, metadata: { ...object.metadata, labels } };
      setManagedFields(next, managedAfterUpdate(message, object, next, author(`m${i}`, `2026-01-01T00:00:${10 + i}Z`)));
      object = next;
    }
    const names = (managedFieldsOf(object) ?? []).map(({ manager }) => manager);
    expect(names).toHaveLength(10);
    expect(names).toContain('ancient-changes');
    expect(names).toContain('m13');
  });

  it('forgets ownership when asked to, and takes a client at its word about it', () => {
    const made = update(undefined, 'one', thing({ replicas: 1 }));
    expect(managedFieldsOf(update(made, 'two', thing({ replicas: 1 }, { managedFields: [{}] })))).toBeUndefined();
    const fieldsV1 = { 'f:spec': { 'f:replicas': {} } };
    const managedFields = [{ manager: 'x', operation: 'Apply', apiVersion: 't/v1', fieldsType: 'FieldsV1', fieldsV1 }];
    expect(owners(update(made, 'two', thing({ replicas: 1 }, { managedFields })))).toEqual({ 'x/Apply': fieldsV1 });
  });
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const item = (names: fc.Arbitrary<string>) =>
  fc.record({ name: names, image: fc.constantFrom('i', 'j'), args: fc.array(name, { maxLength: 2 }) }, { requiredKeys: ['name'] });
const configuration = (names: fc.Arbitrary<string>, fields: string[]) =>
  fc
    .record({
      labels: fc.dictionary(names, fc.constantFrom('1', '2')),
      items: fc.uniqueArray(item(names), { selector: (one) => one.name, maxLength: 3 }),
      replicas: fc.integer({ min: 0, max: 2 }),
    })
    .map(({ labels, items, replicas }) => thing({ items, ...(fields.includes('replicas') && { replicas }) }, { labels }));

describe('applying any configuration', () => {
  it('twice changes nothing the second time', () => {
    fc.assert(
      fc.property(configuration(name, ['replicas']), configuration(name, ['replicas']), (before, applied) => {
        const once = apply(apply(undefined, 'x', before), 'me', applied, { force: true });
        expect(apply(once, 'me', applied)).toEqual(once);
      }),
    );
  });

  it('leaves exactly the last one of a single manager', () => {
    fc.assert(
      fc.property(configuration(name, ['replicas']), configuration(name, []), (before, applied) => {
        const next = apply(apply(undefined, 'me', before), 'me', applied);
        const fresh = apply(undefined, 'me', applied);
        expect(owners(next)).toEqual(owners(fresh));
        expect(next.spec?.replicas).toBeUndefined();
      }),
    );
  });

  it('commutes with another manager that has nothing in common', () => {
    const ours = configuration(fc.constantFrom('a', 'b'), ['replicas']);
    const theirs = configuration(fc.constantFrom('c', 'd'), []);
    const sorted = (object: Thing) => ({
      ...object.spec,
      items: [...((object.spec?.items ?? []) as { name: string }[])].sort((a, b) => (a.name < b.name ? -1 : 1)),
    });
    fc.assert(
      fc.property(ours, theirs, (a, b) => {
        const ab = apply(apply(undefined, 'a', a), 'b', b);
        const ba = apply(apply(undefined, 'b', b), 'a', a);
        expect(sorted(ab)).toEqual(sorted(ba));
        expect(ab.metadata.labels ?? {}).toEqual(ba.metadata.labels ?? {});
        expect(owners(ab)).toEqual(owners(ba));
      }),
    );
  });

  it('conflicts with whoever owns another value, until forced, which transfers it', () => {
    fc.assert(
      fc.property(configuration(name, ['replicas']), fc.integer({ min: 3, max: 9 }), (a, replicas) => {
        const live = apply(undefined, 'a', a);
        const b = thing({ replicas });
        expect(failure(() => apply(live, 'b', b)).reason).toBe('Conflict');
        const forced = apply(live, 'b', b, { force: true });
        expect(forced.spec?.replicas).toBe(replicas);
        expect(owners(forced)['b/Apply']).toEqual({ 'f:spec': { 'f:replicas': {} } });
      }),
    );
  });
});
