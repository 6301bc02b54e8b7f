// What a StatefulSet's or DaemonSet's template was at one time, as ControllerRevisions: kubectl's rollout history and undo read
// and write them, and pods say which one they are of. Equal templates share a revision; going back makes an old one the newest.
import { ControllerRevision, type DaemonSet, type PodTemplateSpec, type StatefulSet } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { wholeNumberOf } from '@berth/machinery';
import { isSameTemplate, templateHash } from './deployment/template-hash.ts';
import { inNameOrder } from './name-order.ts';
import { controllerReference } from './ownership.ts';

/** On pods, and on the revisions of daemon sets: which revision they are of. */
export const revisionLabel = 'controller-revision-hash';
const hashLabel = 'controller.kubernetes.io/hash';

type Owner = StatefulSet | DaemonSet;

export interface Revisions {
  /** Undefined until it is seen: then `actions` make it. */
  update: ControllerRevision | undefined;
  /** Oldest first. */
  all: ControllerRevision[];
  actions: Action[];
}

interface RevisionData {
  spec?: { template?: PodTemplateSpec & { $patch?: string } };
}

/** A strategic merge patch that gives the owner this template again. */
function dataOf({ spec }: Owner): unknown {
  return inNameOrder({ spec: { template: { ...spec.template, $patch: 'replace' } } } satisfies RevisionData);
}

export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _directive, ...template } = (revision.data as RevisionData | undefined)?.spec?.template ?? {};
  return template;
}

/** Finds the revision of the owner's template among its own, or says how to make it. */
export function revisionsOf(owner: Owner, own: ControllerRevision[], collisionCount: number | undefined): Revisions {
  const all = [...own].sort((a, b) => Number(numberOf(a) - numberOf(b)));
  const data = dataOf(owner);
  const last = all.at(-1);
  const next = (last ? numberOf(last) : 0n) + 1n;
  const equal = all.findLast((revision) => isSameTemplate(templateOf(revision), owner.spec.template));
  if (!equal) return { update: undefined, all, actions: [creation(owner, data, next, collisionCount)] };
  if (equal === last) return { update: equal, all, actions: [] };
  const object = { ...equal, revision: wholeNumberOf(next) } as ControllerRevision;
  return { update: undefined, all, actions: [{ type: 'update', kind: erased(ControllerRevision), object }] };
}

/** Daemon sets' revisions have the label that their pods have; stateful sets' pods have the revision's name in it. */
function hashLabelOf({ kind }: Owner): string {
  return kind === 'DaemonSet' ? revisionLabel : hashLabel;
}

/** What pods of a daemon set have in their label for this revision; one of earlier versions may lack the label. */
export function hashOf({ metadata }: ControllerRevision): string {
  return metadata.labels?.[revisionLabel] ?? metadata.labels?.[hashLabel] ?? metadata.name;
}

/** Gives the revisions of a daemon set the label that they lack. */
export function labelled(revisions: ControllerRevision[]): Action[] {
  return revisions
    .filter(({ metadata }) => metadata.labels?.[revisionLabel] === undefined)
    .map((revision) => {
      const { uid, resourceVersion } = revision.metadata;
      const patch = { metadata: { uid, resourceVersion, labels: { [revisionLabel]: hashOf(revision) } } };
      return { type: 'patch', kind: erased(ControllerRevision), key: revision.metadata, patchType: 'merge', patch };
    });
}

/** Anybody may make a revision with a number beyond 2⁵³. */
function numberOf({ revision }: ControllerRevision): bigint {
  return BigInt(revision ?? 0);
}

function creation(owner: Owner, data: unknown, next: bigint, collisionCount: number | undefined): Action {
  const { name, namespace } = owner.metadata;
  const hash = templateHash(owner.spec.template, collisionCount);
  const labels = { ...owner.spec.template.metadata?.labels, [hashLabelOf(owner)]: hash };
  const annotations = owner.metadata.annotations && { annotations: owner.metadata.annotations };
  const metadata = { name: `${name}-${hash}`, namespace, labels, ...annotations, ownerReferences: [controllerReference(owner)] };
  const object = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, data: data as never, revision: wholeNumberOf(next) };
  return { type: 'create', kind: erased(ControllerRevision), object: object as ControllerRevision };
}

/** Deletes what is older than the history is long, unless something is still made of it. */
export function truncated(owner: Owner, all: ControllerRevision[], inUse: Set<string>): Action[] {
  const idle = all.filter(({ metadata }) => !inUse.has(metadata.name));
  // A limit below zero keeps all of them.
  const limit = owner.spec.revisionHistoryLimit ?? 10;
  const surplus = limit < 0 ? 0 : Math.max(0, idle.length - limit);
  return idle.slice(0, surplus).map(({ metadata }) => ({
    type: 'delete',
    kind: erased(ControllerRevision),
    key: metadata,
    uid: metadata.uid ?? '',
  }));
}
