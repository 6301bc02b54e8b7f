// What somebody asks of a Scale, and the Scale that is answered: for what writes it as an object of its own, and for what applies it.
import type { Scale } from '@berth/api';
import { apiVersionOf, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { readBody } from '../body.ts';
import { toBytes } from '../object-codec.ts';
import type { Answer, Target } from '../types.ts';
import { scaleKind, scaleOf, setReplicas } from './scale-object.ts';

export interface Wanted {
  replicas: number;
  name: string;
  resourceVersion: string | undefined;
  uid: string | undefined;
}

export function scaleAnswer(kind: KindDefinition, object: KubeObject, warnings: string[] = []): Answer {
  const scale = scaleOf(kind, object);
  return { code: 200, warnings, object: scale as KubeObject, bytes: toBytes(scale) };
}

/** What applying a Scale applies to the object that it scales. */
export function appliedThroughScale(target: Target, body: unknown): KubeObject {
  const wanted = wantedScale(readBody(scaleKind, body, {}).object);
  const { resourceVersion, uid } = wanted;
  const metadata = { name: target.name ?? '', ...(resourceVersion && { resourceVersion }), ...(uid && { uid }) };
  const object: KubeObject = { apiVersion: apiVersionOf(target.kind), kind: target.kind.kind, metadata };
  setReplicas(target.kind, object, replicasOf(wanted));
  return object;
}

export function wantedScale(object: KubeObject): Wanted {
  const { metadata, spec } = object as Scale;
  const { name = '', resourceVersion, uid } = metadata;
  return { replicas: spec?.replicas ?? 0, name, resourceVersion: resourceVersion || undefined, uid: uid || undefined };
}

/** Asked once there is an object to scale. @throws StatusError Invalid */
export function replicasOf({ replicas, name }: Wanted): number {
  if (replicas >= 0) return replicas;
  const detail = 'must be greater than or equal to 0';
  throw StatusError.invalid(scaleKind, name, [{ type: 'Invalid', field: 'spec.replicas', value: replicas, detail }]);
}
