// The revisions that a workload can go back to: of a Deployment its replica sets, of StatefulSets and DaemonSets their ControllerRevisions.
import type { ControllerRevision, DaemonSet, Deployment, PodTemplateSpec, ReplicaSet, StatefulSet } from '@berth/api';

export interface Revision {
  number: number;
  /** Of the replica set or ControllerRevision that holds it. */
  name: string;
  template: PodTemplateSpec;
  createdAt: string | undefined;
  /** What `kubernetes.io/change-cause` says. */
  cause: string | undefined;
  isCurrent: boolean;
}

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const causeAnnotation = 'kubernetes.io/change-cause';
const hashLabel = 'pod-template-hash';

interface Owned {
  metadata: { ownerReferences?: { uid: string; controller?: boolean }[] };
}

function isOwnedBy({ metadata }: Owned, owner: { metadata: { uid?: string } }): boolean {
  return metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === owner.metadata.uid) ?? false;
}

/** Newest first. */
export function deploymentRevisions(deployment: Deployment, replicaSets: ReplicaSet[]): Revision[] {
  const own = replicaSets.filter((set) => isOwnedBy(set, deployment) && set.metadata.annotations?.[revisionAnnotation]);
  const revisions = own.map(({ metadata, spec }) => ({
    number: Number(metadata.annotations?.[revisionAnnotation]),
    name: metadata.name ?? '',
    template: withoutHash(spec?.template ?? { metadata: {}, spec: { containers: [] } }),
    createdAt: metadata.creationTimestamp,
    cause: metadata.annotations?.[causeAnnotation],
    isCurrent: false,
  }));
  return newestFirst(revisions);
}

/** Newest first. */
export function controllerRevisions(owner: StatefulSet | DaemonSet, all: ControllerRevision[]): Revision[] {
  const own = all.filter((revision) => isOwnedBy(revision, owner));
  const revisions = own.map(({ metadata, revision, data }) => ({
    number: Number(revision),
    name: metadata.name ?? '',
    template: templateIn(data),
    createdAt: metadata.creationTimestamp,
    cause: metadata.annotations?.[causeAnnotation],
    isCurrent: false,
  }));
  return newestFirst(revisions);
}

function newestFirst(revisions: Revision[]): Revision[] {
  return revisions.sort((a, b) => b.number - a.number).map((revision, index) => ({ ...revision, isCurrent: index === 0 }));
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** The patch that a ControllerRevision holds, without the words that make a patch of it. */
function templateIn(data: unknown): PodTemplateSpec {
  const { spec } = (data ?? {}) as { spec?: { template?: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _patch, ...template } = spec?.template ?? { metadata: {}, spec: { containers: [] } };
  return template as PodTemplateSpec;
}
