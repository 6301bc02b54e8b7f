// The scale subresource: how many replicas, for any kind whose definition says where that number is.
import type { Scale } from '@berth/api';
import { apiVersionOf, deepClone, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { readBody } from '../body.ts';
import { toBytes } from '../object-codec.ts';
import { type PatchKind, readPatched } from '../patches.ts';
import type { Answer, Call, Target, WriteSettings } from '../types.ts';
import type { Writes } from '../writes.ts';
import { scaleKind, scaleOf, setReplicas } from './scale-object.ts';
import type { SubresourceDefinition } from './subresource.ts';

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

export function scaleAnswer(kind: KindDefinition, object: KubeObject, warnings: string[] = []): Answer {
  const scale = scaleOf(kind, object);
  return { code: 200, warnings, object: scale as KubeObject, bytes: toBytes(scale) };
}

async function updateScale(writes: Writes, target: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
  const wanted = readScale(body);
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

/** What applying a Scale applies to the object that it scales. */
export function appliedThroughScale(target: Target, body: unknown): KubeObject {
  const wanted = readScale(body);
  const { resourceVersion, uid } = wanted;
  const metadata = { name: target.name ?? '', ...(resourceVersion && { resourceVersion }), ...(uid && { uid }) };
  const object: KubeObject = { apiVersion: apiVersionOf(target.kind), kind: target.kind.kind, metadata };
  setReplicas(target.kind, object, replicasOf(wanted));
  return object;
}

interface Wanted {
  replicas: number;
  name: string;
  resourceVersion: string | undefined;
  uid: string | undefined;
}

function scaled(target: Target, old: KubeObject, wanted: Wanted) {
  const object = deepClone(old);
  setReplicas(target.kind, object, replicasOf(wanted));
  if (wanted.resourceVersion) object.metadata.resourceVersion = wanted.resourceVersion;
  if (wanted.uid) object.metadata.uid = wanted.uid;
  return { object, warnings: [] };
}

function readScale(body: unknown): Wanted {
  return wantedScale(readBody(scaleKind, body, {}).object);
}

function wantedScale(object: KubeObject): Wanted {
  const { metadata, spec } = object as Scale;
  const { name = '', resourceVersion, uid } = metadata;
  return { replicas: spec?.replicas ?? 0, name, resourceVersion: resourceVersion || undefined, uid: uid || undefined };
}

/** Asked once there is an object to scale. @throws StatusError Invalid */
function replicasOf({ replicas, name }: Wanted): number {
  if (replicas >= 0) return replicas;
  const detail = 'must be greater than or equal to 0';
  throw StatusError.invalid(scaleKind, name, [{ type: 'Invalid', field: 'spec.replicas', value: replicas, detail }]);
}
