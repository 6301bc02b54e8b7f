// What a daemon set needs next: a pod on every node that is to have one, none elsewhere, and the current template on as many
// as may change at a time.
import { type ControllerRevision, type DaemonSet, hasEnded, type Node, Pod, DaemonSet as Sets } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, labelSelectorFrom } from '@berth/machinery';
import { claim, controllerOf, controllerReference } from '../ownership.ts';
import { availableInMs, isReady } from '../pod-state.ts';
import { hashOf, labelled, revisionLabel, revisionsOf, truncated } from '../revisions.ts';
import { eligibility, nodeOf, specFor } from './eligibility.ts';

/** Pods created or deleted in one plan. */
const burstMax = 250;

export interface ObservedDaemonSet {
  set: DaemonSet;
  /** Its pods, and those of its namespace that have no controller. */
  pods: Pod[];
  nodes: Node[];
  revisions: ControllerRevision[];
  /** How long a pod that failed on a node is left there, from now on. */
  failedWaitMs(node: string, pod: Pod, now: number): number;
}

interface Place {
  node: string;
  shouldRun: boolean;
  shouldContinue: boolean;
  /** Oldest first. */
  pods: Pod[];
}

export function planDaemonSet({ set, pods, nodes, revisions, failedWaitMs }: ObservedDaemonSet, now: number): Action[] {
  const candidates = pods.filter((pod) => controllerOf(pod) || !hasEnded(pod));
  const { owned, actions: claims } = claim(erased(Pod), set, labelSelectorFrom(set.spec.selector), candidates);
  if (claims.length > 0) return claims;
  const { update, all, actions } = revisionsOf(set, revisions, set.status?.collisionCount);
  if (!update) return set.metadata.deletionTimestamp ? [] : actions;
  const hash = hashOf(update);
  const places = placesOf(set, owned, nodes);
  const status = statusActions(set, places, hash, now);
  const inUse = new Set([
    update.metadata.name,
    ...all.filter((revision) => owned.some((pod) => hashOf(revision) === podHash(pod))).map((r) => r.metadata.name),
  ]);
  const tidy = [...status, ...labelled(all), ...truncated(set, all, inUse)];
  if (set.metadata.deletionTimestamp) return tidy;
  const { starts, ends, events, waitMs } = changes(set, places, hash, (node, pod) => failedWaitMs(node, pod, now));
  const updates = starts.length + ends.length > 0 ? { starts: [], ends: [] } : rollingUpdate(set, places, hash, now);
  const changesNow = [
    ...[...ends, ...updates.ends].slice(0, burstMax).map((pod) => deletion(set, pod)),
    ...[...starts, ...updates.starts].slice(0, burstMax).map((node) => creation(set, node, hash)),
  ];
  const later: Action[] = waitMs === undefined ? [] : [{ type: 'requeue', afterMs: waitMs }];
  return [...tidy, ...events, ...(changesNow.length > 0 ? [{ type: 'slowStart', actions: changesNow } as Action] : []), ...later];
}

function placesOf(set: DaemonSet, owned: Pod[], nodes: Node[]): Place[] {
  const byNode = new Map<string, Pod[]>();
  for (const pod of owned) {
    const node = nodeOf(pod) ?? '';
    byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  const places = nodes.map((node) => {
    const pods = (byNode.get(node.metadata.name) ?? []).sort(olderFirst);
    byNode.delete(node.metadata.name);
    return { node: node.metadata.name, ...eligibility(set, node), pods };
  });
  // Pods of nodes that are gone, and pods that name none.
  const lost = [...byNode].map(([node, pods]) => ({ node, shouldRun: false, shouldContinue: false, pods }));
  return [...places, ...lost];
}

/** Pods that are missing, too many or over. While an update surges, a node may have an old pod and a new one. */
function changes(set: DaemonSet, places: Place[], hash: string, failedWaitMs: (node: string, pod: Pod) => number) {
  const starts: string[] = [];
  const ends: Pod[] = [];
  const waits: number[] = [];
  const events: Action[] = [];
  const surges = limits(set, places).surge > 0;
  for (const { node, shouldRun, shouldContinue, pods } of places) {
    const present = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
    if (!shouldContinue) {
      ends.push(...present);
      continue;
    }
    const over = present.filter(hasEnded);
    for (const pod of over) {
      const waitMs = pod.status?.phase === 'Failed' ? failedWaitMs(node, pod) : 0;
      if (waitMs > 0) waits.push(waitMs);
      else {
        ends.push(pod);
        events.push(overEvent(set, node, pod));
      }
    }
    const running = present.filter((pod) => !hasEnded(pod));
    const [old, updated] = [running.filter((pod) => podHash(pod) !== hash), running.filter((pod) => podHash(pod) === hash)];
    const kept = surges && old.length > 0 && updated.length > 0 ? [old[0], updated[0]] : [(updated[0] && !surges ? updated : running)[0]];
    ends.push(...running.filter((pod) => !kept.includes(pod)));
    // Two of them at once on a node would fight for what the node has once.
    if (shouldRun && pods.length === 0) starts.push(node);
  }
  return { starts, ends, events, waitMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

function overEvent(set: DaemonSet, node: string, pod: Pod): Action {
  const hasFailed = pod.status?.phase === 'Failed';
  const what = `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}, will try to`;
  return hasFailed
    ? tell(set, 'Warning', 'FailedDaemonPod', `Found failed ${what} kill it`)
    : tell(set, 'Normal', 'SucceededDaemonPod', `Found succeeded ${what} delete it`);
}

function tell(about: DaemonSet, eventType: 'Normal' | 'Warning', reason: string, message: string): Action {
  return { type: 'event', event: { about, eventType, reason, message } };
}

function rollingUpdate(set: DaemonSet, places: Place[], hash: string, now: number): { starts: string[]; ends: Pod[] } {
  const none = { starts: [], ends: [] };
  if (set.spec.updateStrategy?.type !== 'RollingUpdate') return none;
  const { surge, unavailable } = limits(set, places);
  const wanted = places.filter(({ shouldRun }) => shouldRun);
  return surge > 0 ? surging(set, wanted, hash, now, surge) : replacing(set, wanted, hash, now, unavailable);
}

/** Old pods go, those first that do not work anyway. */
function replacing(set: DaemonSet, places: Place[], hash: string, now: number, max: number): { starts: string[]; ends: Pod[] } {
  const ends: Pod[] = [];
  const working: Pod[] = [];
  let unavailable = 0;
  for (const { pods } of places) {
    const [pod] = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
    const works = pod !== undefined && isAvailable(set, pod, now);
    if (!works) unavailable += 1;
    if (pod === undefined || podHash(pod) === hash) continue;
    if (works) working.push(pod);
    else ends.push(pod);
  }
  return { starts: [], ends: [...ends, ...working.slice(0, Math.max(0, max - unavailable))] };
}

/** New pods start beside old ones, which go once the new ones work. */
function surging(set: DaemonSet, places: Place[], hash: string, now: number, max: number): { starts: string[]; ends: Pod[] } {
  const ends: Pod[] = [];
  const starts: string[] = [];
  let both = 0;
  for (const { node, pods } of places) {
    const present = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
    const old = present.find((pod) => podHash(pod) !== hash);
    const updated = present.find((pod) => podHash(pod) === hash);
    if (!old) continue;
    if (updated && isAvailable(set, updated, now)) ends.push(old);
    else if (updated) both += 1;
    else if (!isAvailable(set, old, now)) ends.push(old);
    else starts.push(node);
  }
  return { starts: starts.slice(0, Math.max(0, max - both)), ends };
}

function limits(set: DaemonSet, places: Place[]): { surge: number; unavailable: number } {
  const desired = places.filter(({ shouldRun }) => shouldRun).length;
  const { maxSurge = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const resolved = (value: number | string) =>
    typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * desired) / 100);
  const surge = resolved(maxSurge);
  return { surge, unavailable: surge > 0 ? resolved(maxUnavailable) : Math.max(1, resolved(maxUnavailable)) };
}

function creation(set: DaemonSet, node: string, hash: string): Action {
  const { name, namespace } = set.metadata;
  const { labels, annotations, finalizers } = set.spec.template.metadata ?? {};
  const metadata = {
    name: '',
    generateName: `${name}-`,
    namespace,
    labels: { ...labels, [revisionLabel]: hash },
    ...(annotations && { annotations }),
    ...(finalizers && { finalizers }),
    ownerReferences: [controllerReference(set)],
  };
  return {
    type: 'create',
    kind: erased(Pod),
    object: { apiVersion: 'v1', kind: 'Pod', metadata, spec: specFor(set, node) } as Pod,
    onSuccess: { about: set, eventType: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: {name}' },
    onFailure: { about: set, eventType: 'Warning', reason: 'FailedCreate', message: 'Error creating: {error}' },
  };
}

function deletion(set: DaemonSet, { metadata }: Pod): Action {
  return {
    type: 'delete',
    kind: erased(Pod),
    key: metadata,
    uid: metadata.uid ?? '',
    onSuccess: { about: set, eventType: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${metadata.name}` },
    onFailure: { about: set, eventType: 'Warning', reason: 'FailedDelete', message: 'Error deleting: {error}' },
  };
}

function statusActions(set: DaemonSet, places: Place[], hash: string, now: number): Action[] {
  const present = ({ pods }: Place) => pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  const wanted = places.filter(({ shouldRun }) => shouldRun);
  const count = (holds: (pod: Pod) => boolean) => wanted.filter((place) => present(place).some(holds)).length;
  const available = count((pod) => isAvailable(set, pod, now));
  const status: NonNullable<DaemonSet['status']> = {
    currentNumberScheduled: count(() => true),
    numberMisscheduled: places.filter((place) => !place.shouldRun && present(place).length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: count(isReady),
    observedGeneration: set.metadata.generation ?? 0,
    updatedNumberScheduled: count((pod) => podHash(pod) === hash),
    ...(available > 0 && { numberAvailable: available }),
    ...(wanted.length > available && { numberUnavailable: wanted.length - available }),
  };
  const { minReadySeconds = 0 } = set.spec;
  const waits = wanted.flatMap(present).flatMap((pod) => availableInMs(pod, minReadySeconds, now) ?? []);
  const later = waits.filter((wait) => wait > 0);
  const again: Action[] = later.length > 0 ? [{ type: 'requeue', afterMs: Math.min(...later) }] : [];
  if (equalButForEmpty(status, set.status)) return again;
  return [{ type: 'updateStatus', kind: erased(Sets), object: { ...set, status } as DaemonSet }, ...again];
}

function isAvailable({ spec }: DaemonSet, pod: Pod, now: number): boolean {
  return availableInMs(pod, spec.minReadySeconds ?? 0, now) === 0;
}

function podHash({ metadata }: Pod): string {
  return metadata.labels?.[revisionLabel] ?? '';
}

function olderFirst(a: Pod, b: Pod): number {
  const created = ({ metadata }: Pod) => metadata.creationTimestamp ?? '';
  return created(a).localeCompare(created(b)) || a.metadata.name.localeCompare(b.metadata.name);
}
