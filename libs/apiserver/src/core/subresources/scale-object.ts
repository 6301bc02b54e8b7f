// A Scale: how many replicas an object asks for and has, for any kind whose definition says where those numbers are.
import { type Scale, scaleColumns, schemas } from '@berth/api';
import {
  defineKind,
  type KindDefinition,
  type KubeObject,
  type ScaleMapping,
  StatusError,
  scaleSteps,
  scaleValues,
} from '@berth/machinery';
import { erased } from '../kinds-by-name.ts';

type Tree = Record<string, unknown>;

/** Stored nowhere: what a Scale's body is checked by, and how it is shown. */
export const scaleKind = erased(
  defineKind<Scale>({
    group: 'autoscaling',
    version: 'v1',
    kind: 'Scale',
    plural: 'scales',
    scope: 'Namespaced',
    schema: schemas.message('autoscaling.v1.Scale'),
    columns: scaleColumns,
  }),
);

/** @throws StatusError NotFound for kinds that cannot be scaled. */
export function mappingOf(kind: KindDefinition): ScaleMapping {
  if (!kind.subresources.scale) throw StatusError.notFound({ group: kind.group, plural: `${kind.plural}/scale` }, '');
  return kind.subresources.scale;
}

export function scaleOf(kind: KindDefinition, object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { replicas = 0, statusReplicas, selector } = scaleValues(mappingOf(kind), object);
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    // None is left out.
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: statusReplicas,
      ...(selector ? { selector } : {}),
    },
  };
}

export function setReplicas(kind: KindDefinition, object: KubeObject, replicas: number): void {
  write(object, mappingOf(kind).specReplicas, replicas);
}

function write(object: KubeObject, path: string, value: unknown): void {
  const parts = scaleSteps(path);
  let place = object as unknown as Tree;
  for (const part of parts.slice(0, -1)) {
    place[part] ??= {};
    place = place[part] as Tree;
  }
  place[parts.at(-1) ?? ''] = value;
}
