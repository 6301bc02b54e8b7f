// What to do about an autoscaler: measure, decide how many replicas there shall be, write that to the target's scale, and say
// why in its status. It looks again every few seconds, as what pods use is no object to watch.
import { HorizontalPodAutoscaler, type Pod } from '@berth/api';
import { type Action, erased } from '@berth/controller';
import { equalButForEmpty, type KindDefinition, type KubeObject } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { summaryOf } from './failures.ts';
import { type Measured, type MetricStatus, type Proposal, propose, tolerancesOf } from './measure.ts';
import { type History, type Paced, pace } from './pace.ts';
import type { Usages } from './samples.ts';

const periodMs = 15_000;
/** Until what pods use has been read. */
const readingMs = 100;
/** Of changes that are remembered for the policies. */
const changesMax = 100;

export interface ObservedAutoscaler {
  autoscaler: HorizontalPodAutoscaler;
  /** Or why there is none. */
  target: { kind: KindDefinition; object: KubeObject & { spec: { replicas?: number } } } | string;
  pods: Pod[];
  /** Undefined while they are read. */
  usages: Usages | undefined;
  /** Why there are none, where that is so. */
  problem?: string | undefined;
  history: History;
}

type Status = NonNullable<HorizontalPodAutoscaler['status']>;
type Verdict = [type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited', value: 'True' | 'False', reason: string, message: string];

const reachable: Verdict = ['AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale"];

export function planAutoscaler(observed: ObservedAutoscaler, now: number): Action[] {
  return [...planOnce(observed, now), { type: 'requeue', afterMs: observed.usages ? periodMs : readingMs }];
}

function planOnce(observed: ObservedAutoscaler, now: number): Action[] {
  const { autoscaler, target, pods, usages, problem } = observed;
  const { minReplicas: min = 1, maxReplicas: max, metrics = [] } = autoscaler.spec;
  if (typeof target === 'string') {
    const message = `the HPA controller was unable to get the target's current scale: ${target}`;
    const written = write(autoscaler, {}, [['AbleToScale', 'False', 'FailedGetScale', message]], now);
    return inTime([...written, tell(autoscaler, 'Warning', 'FailedGetScale', target)], observed.history, now);
  }
  const current = target.object.spec.replicas ?? 1;
  if (current === 0) {
    const idle: Verdict = [
      'ScalingActive',
      'False',
      'ScalingDisabled',
      'scaling is disabled since the replica count of the target is zero',
    ];
    return write(autoscaler, { currentReplicas: 0, desiredReplicas: 0 }, [reachable, idle], now);
  }
  if (current < min || current > max) return planScale(observed, target, undefined, [], now);
  if (!usages) return [];
  const measured: Measured = {
    ...{ pods, current, usages, problem, tolerances: tolerancesOf(autoscaler), namespace: autoscaler.metadata.namespace ?? '' },
  };
  const results = metrics.map((metric) => propose(metric, measured, now));
  const proposals = results.filter((result) => 'replicas' in result);
  const failures = results.flatMap((result) => ('replicas' in result ? [] : [result]));
  const best = proposals.reduce<Proposal | undefined>((most, next) => (most && most.replicas >= next.replicas ? most : next), undefined);
  // Each has the place that its metric has.
  const currentMetrics = results.map((result) => ('replicas' in result ? result.status : { type: '' }));
  const [first] = failures;
  const told = failures.map(({ reason, message }) => tell(autoscaler, 'Warning', reason, message));
  // What is not known could ask for more: then nothing is taken away.
  if (!best || (first && best.replicas < current)) {
    const why = `the HPA was unable to compute the replica count: ${first?.message}`;
    const failed: Verdict = ['ScalingActive', 'False', first?.reason ?? '', why];
    const all = tell(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', summaryOf(failures, metrics.length));
    const written = write(autoscaler, { currentReplicas: current, currentMetrics }, [reachable, failed], now);
    return inTime([...written, ...told, all], observed.history, now);
  }
  return inTime([...told, ...planScale(observed, target, best, currentMetrics, now)], observed.history, now);
}

/** What went wrong is told once in a period, and when the status changes, however often somebody looks. */
function inTime(actions: Action[], history: History, now: number): Action[] {
  const isDue = now - history.toldAtMs >= periodMs || actions.some(({ type }) => type !== 'event');
  const warnings = actions.filter((action) => action.type === 'event' && action.event.eventType === 'Warning');
  if (isDue && warnings.length > 0) history.toldAtMs = now;
  return isDue ? actions : actions.filter((action) => !warnings.includes(action));
}

function planScale(
  { autoscaler, history }: ObservedAutoscaler,
  target: Exclude<ObservedAutoscaler['target'], string>,
  best: Proposal | undefined,
  currentMetrics: MetricStatus[],
  now: number,
): Action[] {
  const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
  const current = target.object.spec.replicas ?? 1;
  const isWithin = current >= min && current <= max;
  if (history.wanted.length === 0) history.wanted.push({ atMs: now, replicas: current });
  const paced = isWithin ? pace(autoscaler, history, best?.replicas ?? current, current, now) : { replicas: current };
  const replicas = Math.min(Math.max(paced.replicas, min), max);
  const verdicts: Verdict[] = [ability(paced, replicas, current), limit(autoscaler, paced)];
  if (best) {
    const message = `the HPA was able to successfully calculate a replica count from ${best.name}`;
    verdicts.splice(1, 0, ['ScalingActive', 'True', 'ValidMetricFound', message]);
  }
  const counts = { currentReplicas: current, desiredReplicas: replicas, currentMetrics };
  if (replicas === current) return write(autoscaler, counts, verdicts, now);
  history.changes = [...history.changes, { atMs: now, by: replicas - current }].slice(-changesMax);
  const outside = `Current number of replicas ${current > max ? 'above Spec.MaxReplicas' : 'below Spec.MinReplicas'}`;
  const why = !isWithin ? outside : replicas > current ? `${best?.name} above target` : 'All metrics below target';
  return [
    {
      type: 'patch',
      kind: target.kind,
      key: target.object.metadata,
      patchType: 'merge',
      patch: { spec: { replicas } },
      subresource: 'scale',
    },
    ...write(autoscaler, { ...counts, lastScaleTime: timestamp({ now: () => now }) }, verdicts, now),
    tell(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${why}`),
  ];
}

function tell(about: HorizontalPodAutoscaler, eventType: 'Normal' | 'Warning', reason: string, message: string): Action {
  return { type: 'event', event: { about, eventType, reason, message } };
}

function ability({ limit }: Paced, replicas: number, current: number): Verdict {
  if (replicas !== current) {
    return ['AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${replicas}`];
  }
  if (limit === 'ScaleDownStabilized') {
    const message = 'recent recommendations were higher than current one, applying the highest recent recommendation';
    return ['AbleToScale', 'True', limit, message];
  }
  if (limit === 'ScaleUpStabilized') {
    const message = 'recent recommendations were lower than current one, applying the lowest recent recommendation';
    return ['AbleToScale', 'True', limit, message];
  }
  return ['AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size'];
}

function limit({ spec }: HorizontalPodAutoscaler, paced: Paced): Verdict {
  const than = (what: string) => `the desired replica count is ${what} replica count`;
  const faster = (how: string) => `the desired replica count is ${how} faster than the maximum scale rate`;
  if (paced.replicas > spec.maxReplicas) return ['ScalingLimited', 'True', 'TooManyReplicas', than('more than the maximum')];
  if (paced.replicas < (spec.minReplicas ?? 1)) return ['ScalingLimited', 'True', 'TooFewReplicas', than('less than the minimum')];
  if (paced.limit === 'ScaleUpLimit') return ['ScalingLimited', 'True', paced.limit, faster('increasing')];
  if (paced.limit === 'ScaleDownLimit') return ['ScalingLimited', 'True', paced.limit, faster('decreasing')];
  return ['ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range'];
}

function write(autoscaler: HorizontalPodAutoscaler, counts: Partial<Status>, verdicts: Verdict[], now: number): Action[] {
  const conditions = [...(autoscaler.status?.conditions ?? [])];
  for (const [type, status, reason, message] of verdicts) {
    const at = conditions.findIndex((condition) => condition.type === type);
    const known = conditions[at];
    const lastTransitionTime = (known?.status === status && known.lastTransitionTime) || timestamp({ now: () => now });
    conditions.splice(at < 0 ? conditions.length : at, at < 0 ? 0 : 1, { type, status, lastTransitionTime, reason, message });
  }
  const before = autoscaler.status ?? { desiredReplicas: 0 };
  const status: Status = { ...before, ...counts, conditions };
  if (status.currentMetrics?.length === 0) delete status.currentMetrics;
  if (equalButForEmpty(status, autoscaler.status)) return [];
  return [{ type: 'updateStatus', kind: erased(HorizontalPodAutoscaler), object: { ...autoscaler, status } as KubeObject }];
}
