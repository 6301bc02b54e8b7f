import { expect, test } from 'vitest';
import type { AccessQuestion } from '../model/actions/action.ts';
import { Access, GuardedApi } from './access.ts';
import type { ApiClient, ListWatchApi } from './api-client.ts';

/** Allows what `allows` says, and counts what it was asked. */
function reviewing(allows: (question: AccessQuestion) => boolean) {
  const asked: string[] = [];
  const api = {
    write: async ({ body }: { body: { spec: { resourceAttributes: AccessQuestion } } }) => {
      const { resourceAttributes } = body.spec;
      asked.push(`${resourceAttributes.verb} ${resourceAttributes.resource}`);
      return { object: { status: { allowed: allows(resourceAttributes) } }, warnings: [] };
    },
  };
  return { asked, access: new Access(api as unknown as ApiClient) };
}

test('who may do everything is asked for once', async () => {
  const { asked, access } = reviewing(() => true);
  const questions = ['pods', 'nodes'].map((resource) => access.isAllowed({ verb: 'delete', group: '', resource }));
  expect(await Promise.all(questions)).toEqual([true, true]);
  expect(asked).toEqual(['* *']);
});

test('what one may not list is not asked for, and says so', async () => {
  const { asked, access } = reviewing(({ verb, resource }) => verb === 'list' && resource === 'pods');
  const listed: string[] = [];
  const api: ListWatchApi = {
    list: async (path) => {
      listed.push(path);
      return { metadata: {}, items: [] };
    },
    async *stream(path) {
      listed.push(`watch ${path}`);
      yield '';
    },
  };
  const guarded = new GuardedApi(api, access);
  const { signal } = new AbortController();
  await guarded.list('/api/v1/pods', {}, signal);
  await expect(guarded.list('/api/v1/nodes', {}, signal)).rejects.toMatchObject({
    code: 403,
    message: 'You may not list nodes of the whole cluster.',
  });
  await expect(guarded.stream('/api/v1/pods', {}, signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 403 });
  expect(listed).toEqual(['/api/v1/pods']);
  expect(asked).toEqual(['* *', 'list pods', 'list nodes', 'watch pods']);
});

test('a review that failed is asked again', async () => {
  let failures = 1;
  const { access } = reviewing(() => {
    failures -= 1;
    if (failures >= 0) throw new Error('away');
    return true;
  });
  const question = { verb: 'list', group: '', resource: 'pods' };
  await expect(access.isAllowed(question)).rejects.toThrow('away');
  expect(await access.isAllowed(question)).toBe(true);
});
