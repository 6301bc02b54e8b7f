// How many replicas an object of a kind that users define asks for, by its scale: of whoever its pods belong to, or an autoscaler scales.
// Objects are cached in whichever version they are stored in, each of which says itself where the number is.
import type { Caches } from '@berth/controller';
import { apiVersionOf, type KindDefinition, type KubeObject, keyOf, type ScaleValues, scaleValues } from '@berth/machinery';

export interface CustomScaled {
  /** The version that it is read and scaled in. */
  kind: KindDefinition;
  object: KubeObject;
  /** Undefined for kinds that cannot be scaled. */
  scale: ScaleValues | undefined;
}

/** The kind of this name, whichever version of its group is meant. */
export function customKind(caches: Caches, group: string, kind: string): KindDefinition | undefined {
  return caches.customKinds().find(({ read }) => read.group === group && read.kind === kind)?.read;
}

export function customScaled(caches: Caches, kind: KindDefinition, namespace: string, name: string): CustomScaled | undefined {
  const object = caches.of(kind).get(keyOf({ metadata: { namespace, name } }));
  return object && { kind, object, scale: scaleOf(kind, object) };
}

export function scaleOf(kind: KindDefinition, object: KubeObject): ScaleValues | undefined {
  const stored = kind.conversion?.versions.find((version) => apiVersionOf(version) === object.apiVersion) ?? kind;
  const { scale } = stored.subresources;
  return scale && scaleValues(scale, object);
}

/** `apps` of `apps/v1`, '' of `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
