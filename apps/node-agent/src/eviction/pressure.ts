// Which thresholds of a node are crossed, since when, and what follows: its conditions, and what has to be reclaimed now. One step from
// what was known before to what is known now; pure.
import type { PressureCondition } from '../pods/admission.ts';
import { amountOf, type EvictionSettings, meaningOf, type Signal, type Threshold } from './thresholds.ts';

export interface Observation {
  available: number;
  capacity: number;
}

export type Observations = Partial<Record<Signal, Observation>>;

export interface PressureState {
  /** Thresholds that are crossed, with the time when that was first seen. */
  sinceMs: ReadonlyMap<Threshold, number>;
  /** Those whose grace is over; they count until what is to be reclaimed has been. */
  met: readonly Threshold[];
  /** When each condition was last seen. */
  seenAtMs: ReadonlyMap<PressureCondition, number>;
}

export interface PressureStep {
  state: PressureState;
  conditions: PressureCondition[];
  /** Those that are to be acted on, the most urgent first. */
  due: Threshold[];
}

export const calm: PressureState = { sinceMs: new Map(), met: [], seenAtMs: new Map() };

const shownOrder: PressureCondition[] = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

export function pressureStep(settings: EvictionSettings, before: PressureState, observations: Observations, nowMs: number): PressureStep {
  const crossed = settings.thresholds.filter((threshold) => isCrossed(threshold, observations, false));
  const unresolved = before.met.filter((threshold) => !crossed.includes(threshold) && isCrossed(threshold, observations, true));
  const all = [...crossed, ...unresolved];
  const sinceMs = new Map(all.map((threshold) => [threshold, before.sinceMs.get(threshold) ?? nowMs]));
  const seenAtMs = new Map(before.seenAtMs);
  for (const { signal } of all) seenAtMs.set(meaningOf(signal).condition, nowMs);
  const met = all.filter((threshold) => nowMs - (sinceMs.get(threshold) ?? nowMs) >= threshold.graceMs);
  const holds = (condition: PressureCondition) => {
    const seenMs = seenAtMs.get(condition);
    return seenMs !== undefined && (seenMs === nowMs || nowMs - seenMs < settings.transitionMs);
  };
  return { state: { sinceMs, met, seenAtMs }, conditions: shownOrder.filter(holds), due: byUrgency(met) };
}

/** Whether anything is still crossed, with what is to be reclaimed on top. */
export function isRelieved({ thresholds }: EvictionSettings, observations: Observations): boolean {
  return !thresholds.some((threshold) => isCrossed(threshold, observations, true));
}

function isCrossed({ signal, bound, reclaim }: Threshold, observations: Observations, withReclaim: boolean): boolean {
  const observed = observations[signal];
  if (!observed) return false;
  const more = withReclaim && reclaim ? amountOf(reclaim, observed.capacity) : 0;
  return amountOf(bound, observed.capacity) + more > observed.available;
}

/** Memory first: a machine without it does nothing else well. */
function byUrgency(thresholds: Threshold[]): Threshold[] {
  const isMemory = ({ signal }: Threshold) => Number(meaningOf(signal).resource === 'memory');
  return [...thresholds].sort((a, b) => isMemory(b) - isMemory(a));
}
