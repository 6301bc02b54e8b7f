// What is each pod's own in a stateful set: its name, its place in the order and its claims.
import { PersistentVolumeClaim, Pod, type PodTemplateSpec, type StatefulSet, type Volume } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import type { OwnerReference } from '@berth/machinery';
import { controllerReference, patchOwners } from '../ownership.ts';
import { revisionLabel } from '../revisions.ts';

const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

/** Undefined for a pod that has another name than this set gives. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const text = pod.metadata.name.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`;
}

export function claimNames(set: StatefulSet, ordinal: number): string[] {
  return (set.spec.volumeClaimTemplates ?? []).map((claim) => `${claim.metadata.name}-${podName(set, ordinal)}`);
}

/** @param revision the name of the ControllerRevision that the template is from */
export function podOf(set: StatefulSet, ordinal: number, template: PodTemplateSpec, revision: string): Pod {
  const name = podName(set, ordinal);
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const own = { [podNameLabel]: name, [podIndexLabel]: String(ordinal), [revisionLabel]: revision };
  const spec = template.spec ?? { containers: [] };
  const claims = set.spec.volumeClaimTemplates ?? [];
  const claimed: Volume[] = claims.map(({ metadata }) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: `${metadata.name}-${name}` },
  }));
  const others = (spec.volumes ?? []).filter((volume) => !claims.some(({ metadata }) => metadata.name === volume.name));
  const volumes = [...claimed, ...others];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: set.metadata.namespace,
      labels: { ...labels, ...own },
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerReference(set)],
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

/** A pod that was adopted may lack the labels that services of single pods select by. */
export function identified(set: StatefulSet, { metadata }: Pod): Action[] {
  if (metadata.labels?.[podNameLabel] === metadata.name) return [];
  const ordinal = metadata.name.slice(set.metadata.name.length + 1);
  const labels = { [podNameLabel]: metadata.name, [podIndexLabel]: ordinal };
  const patch = { metadata: { uid: metadata.uid, labels } };
  return [{ type: 'patch', kind: erased(Pod), key: metadata, patchType: 'merge', patch }];
}

/** The claims of one pod that do not exist yet. */
export function missingClaims(set: StatefulSet, ordinal: number, exists: (name: string) => boolean): Action[] {
  const name = podName(set, ordinal);
  return (set.spec.volumeClaimTemplates ?? [])
    .map((template) => ({ template, claimName: `${template.metadata.name}-${name}` }))
    .filter(({ claimName }) => !exists(claimName))
    .map(({ template, claimName }) => {
      const labels = { ...template.metadata.labels, ...set.spec.selector?.matchLabels };
      const metadata = { ...template.metadata, name: claimName, namespace: set.metadata.namespace, labels };
      const object = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: template.spec } as PersistentVolumeClaim;
      const what = `Claim ${claimName} Pod ${name} in StatefulSet ${set.metadata.name}`;
      return {
        type: 'create',
        kind: erased(PersistentVolumeClaim),
        object,
        onSuccess: { about: set, eventType: 'Normal', reason: 'SuccessfulCreate', message: `create ${what} success` },
        onFailure: { about: set, eventType: 'Warning', reason: 'FailedCreate', message: `create ${what} failed error: {error}` },
      };
    });
}

/** Claims go with the set, or with a pod that is scaled away, where the retention policy says so. */
export function retained(set: StatefulSet, claim: PersistentVolumeClaim, condemnedPod: Pod | undefined): Action[] {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const wanted: OwnerReference[] = [];
  // A claim with two owners would wait for both of them to go.
  if (whenScaled === 'Delete' && condemnedPod) wanted.push(plainReference(condemnedPod, 'v1', 'Pod'));
  else if (whenDeleted === 'Delete') wanted.push(plainReference(set, 'apps/v1', 'StatefulSet'));
  const given = claim.metadata.ownerReferences ?? [];
  const isOurs = ({ uid, kind, name }: OwnerReference) =>
    uid === set.metadata.uid || (kind === 'Pod' && claim.metadata.name.endsWith(`-${name}`));
  const kept = given.filter((reference) => !isOurs(reference));
  const same = (a: OwnerReference[], b: OwnerReference[]) =>
    a.length === b.length && a.every(({ uid }) => b.some((other) => other.uid === uid));
  const next = [...kept, ...wanted];
  return same(next, given) ? [] : [patchOwners(erased(PersistentVolumeClaim), claim, next)];
}

function plainReference({ metadata }: StatefulSet | Pod, apiVersion: string, kind: string): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' };
}
