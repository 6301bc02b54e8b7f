// The scale subresource: how many replicas, for any kind whose definition says where that number is.
import { deepClone, type KubeObject } from '@berth/machinery';
import { matchTarget, readBody, requireOwnName } from '../body.ts';
import { type PatchKind, readPatched } from '../patches.ts';
import type { Answer, Call, Target, WriteSettings } from '../types.ts';
import type { Writes } from '../writes.ts';
import { scaleKind, scaleOf, setReplicas } from './scale-object.ts';
import type { SubresourceDefinition } from './subresource.ts';
import { replicasOf, scaleAnswer, type Wanted, wantedScale } from './wanted-scale.ts';

export const scale: SubresourceDefinition = {
  name: 'scale',
  of: (kind) => kind.subresources.scale !== undefined,
  resource: ({ writes, applies, read }) => ({
    get: async (call, settings) => scaleAnswer(call.kind, (await read(call, settings)).object),
    update: (call, body, settings) => updateScale(writes, call, body, settings),
    patch: (call, type, patch, settings) => patchScale(writes, call, type, patch, settings),
    apply: (call, configuration, settings, authorizeCreate) => applies.apply(call, configuration, settings, authorizeCreate),
  }),
};

async function updateScale(writes: Writes, target: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
  const given = readBody(scaleKind, body, {}).object;
  requireOwnName(target, given);
  matchTarget(target, given);
  const wanted = wantedScale(given);
  const { object, warnings } = await writes.change(target, 'spec', settings, (old) => scaled(target, old, wanted));
  return scaleAnswer(target.kind, object, warnings);
}

async function patchScale(writes: Writes, target: Call, type: PatchKind, patch: unknown, settings: WriteSettings): Promise<Answer> {
  const { object, warnings } = await writes.change(target, 'spec', settings, (old) => {
    const before = scaleOf(target.kind, old) as KubeObject;
    return scaled(target, old, wantedScale(readPatched(scaleKind, type, before, patch, settings).object));
  });
  return scaleAnswer(target.kind, object, warnings);
}

function scaled(target: Target, old: KubeObject, wanted: Wanted) {
  const object = deepClone(old);
  setReplicas(target.kind, object, replicasOf(wanted));
  if (wanted.resourceVersion) object.metadata.resourceVersion = wanted.resourceVersion;
  if (wanted.uid) object.metadata.uid = wanted.uid;
  return { object, warnings: [] };
}
