// pods/resize: more or less cpu and memory for containers that run. What else a body says is as it was: the rules are the kind's
// (`strategy.partialUpdates`), so that an apply follows them as well.
import { answer } from '../writes.ts';
import { ofKind, type SubresourceDefinition } from './subresource.ts';

export const podResize: SubresourceDefinition = {
  name: 'resize',
  of: ofKind('', 'Pod'),
  handler: ({ writes, read }) => ({
    get: async (call, settings) => answer(await read(call, settings), 200, []),
    update: (call, body, settings) =>
      writes.update(call, body, settings, async () => {
        throw new Error('pods are never created by an update');
      }),
    patch: (call, type, patch, settings) => writes.patch(call, type, patch, settings),
  }),
};
