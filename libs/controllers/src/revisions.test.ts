// Which revisions of a template are kept, and which one is the newest.
import type { ControllerRevision, StatefulSet } from '@berth/api';
import { expect, test } from 'vitest';
import { revisionsOf, truncated } from './revisions.ts';

const template = (image: string) => ({ metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image }] } });

function set(image: string, revisionHistoryLimit?: number): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default', uid: 'db' },
    spec: {
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: template(image),
      ...(revisionHistoryLimit !== undefined && { revisionHistoryLimit }),
    },
  };
}

function revision(
  number: number,
  data: unknown = { spec: { template: { ...template(`db:${number}`), $patch: 'replace' } } },
): ControllerRevision {
  const metadata = { name: `db-${number}`, namespace: 'default', uid: `uid-${number}` };
  return { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, revision: number, data: data as never };
}

const all = [1, 2, 3, 4, 5].map((number) => revision(number));
const deleted = (limit: number | undefined, ...inUse: string[]) =>
  truncated(set('db:5', limit), all, new Set(inUse)).map((action) => (action.type === 'delete' ? action.key.name : action.type));

test('the oldest go beyond the limit, but none that pods are made of, which do not count', () => {
  expect(deleted(undefined, 'db-5')).toEqual([]);
  expect(deleted(2, 'db-5')).toEqual(['db-1', 'db-2']);
  expect(deleted(2, 'db-5', 'db-1')).toEqual(['db-2']);
  expect(deleted(-1, 'db-5')).toEqual([]);
  expect(deleted(0, 'db-5', 'db-1')).toEqual(['db-2', 'db-3', 'db-4']);
});

test('a number beyond 2^53 keeps its digits', () => {
  const beyond = { ...revision(1), revision: 9_007_199_254_740_993n as unknown as number };
  expect(revisionsOf(set('db:9'), [...all, beyond], undefined).actions).toMatchObject([
    { type: 'create', object: { revision: 9_007_199_254_740_994n } },
  ]);
});

test('what a revision holds is written as Go writes it, for clients compare the bytes', () => {
  const [action] = revisionsOf(set('db:9'), [], undefined).actions;
  expect(action?.type === 'create' && JSON.stringify((action.object as ControllerRevision).data)).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"image":"db:9","name":"main"}]}}}}',
  );
});

test('a template that was there before becomes the newest revision again; one that somebody spoilt is none', () => {
  expect(revisionsOf(set('db:5'), all, undefined)).toMatchObject({ update: { metadata: { name: 'db-5' } }, actions: [] });
  expect(revisionsOf(set('db:2'), all, undefined)).toMatchObject({
    update: undefined,
    actions: [{ type: 'update', object: { metadata: { name: 'db-2' }, revision: 6 } }],
  });
  for (const data of [undefined, {}, { spec: {} }]) {
    expect(revisionsOf(set('db:9'), [...all, revision(7, data)], undefined)).toMatchObject({
      update: undefined,
      actions: [{ type: 'create', object: { revision: 8 } }],
    });
  }
});
