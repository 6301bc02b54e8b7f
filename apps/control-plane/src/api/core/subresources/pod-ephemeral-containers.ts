// pods/ephemeralcontainers: the only way to add a container to a pod that exists. Whatever else the body says is as it was.
import { type Pod, validateEphemeralContainers } from '@berth/api';
import { deepClone, type KubeObject, StatusError } from '@berth/machinery';
import { matchTarget, type ReadBody, readBody } from '../body.ts';
import { readPatched } from '../patches.ts';
import type { Answer, Call, WriteSettings } from '../types.ts';
import { answer } from '../writes.ts';
import { ofKind, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';

export const podEphemeralContainers: SubresourceDefinition = {
  name: 'ephemeralcontainers',
  of: ofKind('', 'Pod'),
  handler: ({ writes, read }) => ({
    get: async (call, settings) => answer(await read(call, settings), 200, []),
    update: (call, body, settings) => change(writes, call, settings, () => readBody(call.kind, body, settings)),
    patch: (call, type, patch, settings) => change(writes, call, settings, (old) => readPatched(call.kind, type, old, patch, settings)),
  }),
};

function change(
  writes: SubresourcePorts['writes'],
  call: Call,
  settings: WriteSettings,
  wanted: (old: KubeObject) => ReadBody,
): Promise<Answer> {
  return writes.change(call, 'internal', settings, (old) => {
    const { object: given, warnings } = wanted(old);
    matchTarget(call, given);
    const next = deepClone(old) as Pod;
    const { ephemeralContainers } = (given as Pod).spec ?? {};
    if (ephemeralContainers?.length) next.spec.ephemeralContainers = ephemeralContainers;
    else delete next.spec.ephemeralContainers;
    const { resourceVersion } = given.metadata;
    if (resourceVersion) next.metadata.resourceVersion = resourceVersion;
    call.kind.defaults(next as KubeObject);
    const errors = validateEphemeralContainers(next, old as Pod);
    if (errors.length > 0) throw StatusError.invalid(call.kind, next.metadata.name, errors);
    next.metadata.generation = (next.metadata.generation ?? 0) + 1;
    return { object: next as KubeObject, warnings };
  });
}
