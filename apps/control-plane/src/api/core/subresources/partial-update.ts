// Subresources that change a part of an object, by rules of the kind's own (`strategy.partialUpdates`): whatever else a body says is
// as it was, however it is written. Their reads are those of the object.

import { answer } from '../object-answer.ts';
import type { PatchKind } from '../patches.ts';
import type { Call, WriteSettings } from '../types.ts';
import type { Writes } from '../writes.ts';
import { ofKind, type SubresourceDefinition, type SubresourceHandler } from './subresource.ts';

const neverCreated = async () => {
  throw new Error('a subresource creates nothing');
};

export function partialUpdate(writes: Writes): Required<Pick<SubresourceHandler, 'update' | 'patch'>> {
  return {
    update: (call: Call, body: unknown, settings: WriteSettings) => writes.update(call, body, settings, neverCreated),
    patch: (call: Call, type: PatchKind, patch: unknown, settings: WriteSettings) => writes.patch(call, type, patch, settings),
  };
}

function ofPods(name: string): SubresourceDefinition {
  return {
    name,
    of: ofKind('', 'Pod'),
    handler: ({ writes, read }) => ({
      get: async (call, settings) => answer(await read(call, settings), 200, []),
      ...partialUpdate(writes),
    }),
  };
}

/** The only way to add a container to a pod that exists. */
export const podEphemeralContainers = ofPods('ephemeralcontainers');
/** More or less cpu and memory for containers that run. */
export const podResize = ofPods('resize');

/** A Namespace's spec.finalizers, which nothing else may change. */
export const namespaceFinalize: SubresourceDefinition = {
  name: 'finalize',
  of: ofKind('', 'Namespace'),
  handler: ({ writes }) => ({ update: partialUpdate(writes).update }),
};
