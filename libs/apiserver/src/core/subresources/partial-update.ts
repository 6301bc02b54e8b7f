// Subresources that change a part of an object, by rules of the kind's own (`strategy.partialUpdates`): whatever else a body says is
// as it was, however it is written. Their reads are those of the object.

import { answer } from '../object-answer.ts';
import type { Resource } from '../resource.ts';
import { ofKind, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';

const neverCreated = async () => {
  throw new Error('a subresource creates nothing');
};

export function partialUpdate({ writes, applies }: PartialUpdatePorts): Required<Pick<Resource, 'update' | 'patch' | 'apply'>> {
  return {
    update: (call, body, settings) => writes.update(call, body, settings, neverCreated),
    patch: (call, type, patch, settings) => writes.patch(call, type, patch, settings),
    apply: (call, configuration, settings, authorizeCreate) => applies.apply(call, configuration, settings, authorizeCreate),
  };
}

type PartialUpdatePorts = Pick<SubresourcePorts, 'writes' | 'applies'>;

function ofPods(name: string): SubresourceDefinition {
  return {
    name,
    of: ofKind('', 'Pod'),
    resource: (ports) => ({
      get: async (call, settings) => answer(await ports.read(call, settings), 200, []),
      ...partialUpdate(ports),
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
  resource: (ports) => ({ update: partialUpdate(ports).update }),
};
