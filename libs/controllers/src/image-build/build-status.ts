// What an ImageBuild says of itself, from its pod: its phase, a condition in words, and an event for each change of that. Pure.
import type { Pod } from '@berth/api';
import type { Action, EventDraft } from '@berth/controller';
import { deepEqual, type KindDefinition } from '@berth/machinery';
import { buildFailure } from './build-failure.ts';
import { resultPrefix } from './builder-script.ts';
import type { BuildCondition, ImageBuild } from './image-build-kind.ts';

/** In status.conditions. */
const messageCharsMax = 1024;
/** What every pod says on its way. */
const usualWaiting = new Set(['ContainerCreating', 'PodInitializing']);

type Status = NonNullable<ImageBuild['status']>;
/** What differs from what is there. */
export interface NextStatus extends Status {
  condition?: Omit<BuildCondition, 'lastTransitionTime'>;
}

export function podStatus({ status = {} }: ImageBuild, pod: Pod, now: number): NextStatus {
  const { metadata, spec, status: of } = pod;
  const { terminated, running } = of?.containerStatuses?.[0]?.state ?? {};
  const image = spec.containers[0]?.env?.find(({ name }) => name === 'IMAGE')?.value;
  const begun = { podName: metadata.name, image, startTime: status.startTime ?? metadata.creationTimestamp ?? instant(now) };
  if (of?.phase === 'Succeeded') {
    const digest = new RegExp(`${resultPrefix}(sha256:[0-9a-f]{64})`).exec(terminated?.message ?? '')?.[1];
    if (digest === undefined) return { ...begun, ...ended('Failed', 'NoDigest', 'its pod ended without saying what it pushed', now) };
    return { ...begun, digest, ...ended('Complete', 'Pushed', `${image}@${digest} was pushed`, now) };
  }
  if (of?.phase === 'Failed') {
    const reason = of.reason || terminated?.reason || 'Error';
    const said = of.message || buildFailure(terminated?.message ?? '', '').message;
    return { ...begun, ...ended('Failed', reason, `${said || 'it failed'}: kubectl logs ${metadata.name} says more`, now) };
  }
  if (running) return { ...begun, phase: 'Running' };
  const waits = podWaits(pod);
  return { ...begun, phase: 'Pending', ...(waits && unprepared(waits.reason, waits.message)) };
}

/** For what its pod waits, if it is more than its turn. */
function podWaits({ status }: Pod): { reason: string; message: string } | undefined {
  const { reason, message } = status?.containerStatuses?.[0]?.state?.waiting ?? {};
  if (reason && !usualWaiting.has(reason)) return { reason, message: message ?? '' };
  const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  return unscheduled && { reason: unscheduled.reason ?? 'Unschedulable', message: unscheduled.message ?? '' };
}

export function waiting(reason: string, message: string): NextStatus {
  return { phase: 'Waiting', ...unprepared(reason, message) };
}

function unprepared(reason: string, message: string): Pick<NextStatus, 'condition'> {
  return { condition: { type: 'Prepared', status: 'False', reason, message: message.slice(0, messageCharsMax) } };
}

export function ended(type: 'Complete' | 'Failed', reason: string, message: string, now: number): NextStatus {
  return {
    phase: type,
    completionTime: instant(now),
    condition: { type, status: 'True', reason, message: message.slice(0, messageCharsMax) },
  };
}

/** Nothing where all of it is said already. */
export function statusActions(
  { kind, build }: { kind: KindDefinition; build: ImageBuild },
  { condition, ...next }: NextStatus,
  now: number,
): Action[] {
  const { status = {} } = build;
  const known = status.conditions ?? [];
  // What a build waited for counts until it runs.
  const others = known.filter(({ type }) => type !== condition?.type && type !== 'Prepared');
  const before = known.find(({ type }) => type === condition?.type);
  const isSame = before !== undefined && before.status === condition?.status;
  const conditions = condition
    ? [...others, { ...condition, lastTransitionTime: isSame ? before.lastTransitionTime : instant(now) }]
    : others;
  const wanted: Status = { ...status, ...next, ...((conditions.length > 0 || known.length > 0) && { conditions }) };
  if (deepEqual(wanted, status)) return [];
  const { namespace, name, uid } = build.metadata;
  const event = eventOf(build, next, condition);
  return [
    {
      type: 'patch',
      kind,
      key: { namespace, name },
      patchType: 'merge',
      patch: { metadata: { uid }, status: wanted },
      subresource: 'status',
    },
    ...(event ? [{ type: 'event' as const, event }] : []),
  ];
}

/** Of what is new. */
function eventOf(build: ImageBuild, { phase, podName }: Status, condition: NextStatus['condition']): EventDraft | undefined {
  const { status = {} } = build;
  const before = status.conditions?.find(({ type }) => type === condition?.type);
  if (condition && (before?.reason !== condition.reason || before.message !== condition.message)) {
    const { type, reason, message } = condition;
    return { about: build, eventType: type === 'Complete' ? 'Normal' : 'Warning', reason, message };
  }
  if (phase !== 'Running' || status.phase === 'Running') return undefined;
  return { about: build, eventType: 'Normal', reason: 'Started', message: `pod ${podName} builds it: kubectl logs -f ${podName}` };
}

export function instant(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
