// Which replica set belongs to a pod template: the one with an equal template. The hash only makes a name of it, so it may
// collide (then the deployment counts up) and may change between versions without starting anything anew.
import { type Deployment, type PodTemplateSpec, type ReplicaSet, schemas } from '@berth/api';
import { checkTypes, deepEqual } from '@berth/machinery';
import { inNameOrder } from '../name-order.ts';

export const hashLabel = 'pod-template-hash';

/** The characters of generated names: no vowels, so no words. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

export function templateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  const salt = collisionCount === undefined ? '' : String(collisionCount);
  const digits = String(fnv1a(JSON.stringify(inNameOrder(template)) + salt));
  return [...digits].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
}

export function hasSameTemplate(deployment: Deployment, replicaSet: ReplicaSet): boolean {
  return isSameTemplate(bare(deployment.spec.template), bare(replicaSet.spec.template ?? {}));
}

/** Whether both would be stored alike: one may be of a time when empty values were kept. */
export function isSameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return deepEqual(a, b) || deepEqual(asStored(a), asStored(b));
}

function asStored(template: PodTemplateSpec): unknown {
  return checkTypes(schemas.message('core.v1.PodTemplateSpec'), template).value;
}

/** Without the hash's label and without what says nothing. */
function bare({ metadata, spec = { containers: [] } }: PodTemplateSpec): PodTemplateSpec {
  const labels = Object.fromEntries(Object.entries(metadata?.labels ?? {}).filter(([name]) => name !== hashLabel));
  return { metadata: { ...metadata, labels, name: metadata?.name ?? '', annotations: metadata?.annotations ?? {} }, spec };
}

/** 32 bits (Fowler, Noll and Vo), over UTF-8. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
