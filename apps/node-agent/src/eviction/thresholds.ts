// When a node is low on something, as its operator states it: by signal, an amount or a share of the whole, at once or after a grace
// period. (kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction) Pure.
import { parseQuantity, Quantity } from '@berth/machinery';
import type { PressureCondition } from '../pods/admission.ts';

export type Signal =
  | 'memory.available'
  | 'allocatableMemory.available'
  | 'nodefs.available'
  | 'nodefs.inodesFree'
  | 'imagefs.available'
  | 'imagefs.inodesFree'
  | 'pid.available';

/** An amount, or a share of the capacity. */
export type Bound = { amount: Quantity } | { share: number };

export interface Threshold {
  signal: Signal;
  bound: Bound;
  /** 0 is a hard threshold. */
  graceMs: number;
  /** By how much more than the bound there has to be until it is good again. */
  reclaim?: Bound;
}

export interface EvictionSettings {
  thresholds: Threshold[];
  /** The most that pods are given to end under a soft threshold. */
  maxPodGraceSeconds: number;
  /** How long a condition stays after it was last seen. */
  transitionMs: number;
}

export interface SignalMeaning {
  condition: PressureCondition;
  resource: 'memory' | 'ephemeral-storage' | 'inodes' | 'pids';
}

const meanings: Record<Signal, SignalMeaning> = {
  'memory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'allocatableMemory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'nodefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'nodefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'imagefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'imagefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'pid.available': { condition: 'PIDPressure', resource: 'pids' },
};

/** Between what volumes leave free and what pods are evicted for. */
const volumeMarginBytesMax = 2 ** 28;
const volumeMarginShare = 0.01;

/** As a kubelet has them when it is told nothing. */
export const defaultEvictionHard =
  'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%';

export interface EvictionOptions {
  /** `memory.available<100Mi,nodefs.available<10%`; empty for none. */
  hard: string;
  soft: string;
  /** `memory.available=1m30s`, for every soft threshold. */
  softGracePeriod: string;
  /** `memory.available=200Mi`. */
  minimumReclaim: string;
  maxPodGraceSeconds: number;
  /** `5m0s`. */
  pressureTransitionPeriod: string;
}

export const defaultEvictionOptions: EvictionOptions = {
  hard: defaultEvictionHard,
  soft: '',
  softGracePeriod: '',
  minimumReclaim: '',
  maxPodGraceSeconds: 0,
  pressureTransitionPeriod: '5m0s',
};

export function meaningOf(signal: Signal): SignalMeaning {
  return meanings[signal];
}

/** @throws Error that names what is wrong */
export function evictionSettings(options: EvictionOptions): EvictionSettings {
  const graces = new Map(pairs(options.softGracePeriod, '=').map(([signal, text]) => [signal, durationMs(text)]));
  const reclaims = new Map(pairs(options.minimumReclaim, '=').map(([signal, text]) => [signal, boundOf(text)]));
  const stated = (text: string, graceMs: (signal: Signal) => number) =>
    pairs(text, '<').flatMap(([signal, bound]): Threshold[] => {
      // All or nothing of a resource is no threshold.
      if (bound === '0%' || bound === '100%') return [];
      const reclaim = reclaims.get(signal);
      return [{ signal, bound: positive(signal, boundOf(bound)), graceMs: graceMs(signal), ...(reclaim && { reclaim }) }];
    });
  const soft = stated(options.soft, (signal) => {
    const graceMs = graces.get(signal);
    if (graceMs === undefined) throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`);
    return graceMs;
  });
  const hard = stated(options.hard, () => 0);
  // What pods may use together is watched like the memory of the machine.
  const ofPods = hard
    .filter(({ signal }) => signal === 'memory.available')
    .map((t): Threshold => ({ ...t, signal: 'allocatableMemory.available' }));
  return {
    thresholds: [...hard, ...soft, ...ofPods],
    maxPodGraceSeconds: options.maxPodGraceSeconds,
    transitionMs: durationMs(options.pressureTransitionPeriod),
  };
}

/** In whole units. */
export function amountOf(bound: Bound, capacity: number): number {
  return 'amount' in bound ? bound.amount.value() : Math.floor(capacity * bound.share);
}

/** As it is shown. */
export function shownAmount(bound: Bound, capacity: number): string {
  return 'amount' in bound ? bound.amount.toString() : binary(amountOf(bound, capacity));
}

/** As it was stated. */
export function shownBound(bound: Bound): string {
  return 'amount' in bound ? bound.amount.toString() : `${bound.share * 100}%`;
}

export function binary(amount: number): string {
  return new Quantity(BigInt(Math.trunc(amount)) * 1_000_000_000n, 'BinarySI').toString();
}

/** What of the node's disk pods are evicted for at once, in bytes. */
export function reservedStorage({ thresholds }: EvictionSettings, diskBytes: number): number {
  const hard = thresholds.find(({ signal, graceMs }) => signal === 'nodefs.available' && graceMs === 0);
  return hard ? amountOf(hard.bound, diskBytes) : 0;
}

/** What of the node's disk volumes leave free: pods are evicted before the disk is full, and a node that is short may use some of it. */
export function reservedFromVolumes({ thresholds }: EvictionSettings, diskBytes: number): number {
  const disks = thresholds.filter(({ signal }) => signal === 'nodefs.available' || signal === 'imagefs.available');
  const margin = Math.min(volumeMarginBytesMax, diskBytes * volumeMarginShare);
  return Math.max(0, ...disks.map(({ bound }) => amountOf(bound, diskBytes))) + Math.floor(margin);
}

function pairs(text: string, mark: '<' | '='): [Signal, string][] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [signal = '', value = ''] = part.split(mark).map((side) => side.trim());
      if (!Object.hasOwn(meanings, signal)) throw new Error(`unsupported eviction signal ${JSON.stringify(signal)}`);
      if (value === '') throw new Error(`${JSON.stringify(part)} is not SIGNAL${mark}VALUE`);
      return [signal as Signal, value];
    });
}

function boundOf(text: string): Bound {
  if (!text.endsWith('%')) {
    const amount = parseQuantity(text);
    if (amount.compare(parseQuantity('0')) < 0) throw new Error(`${text} is less than nothing`);
    return { amount };
  }
  const percent = Number(text.slice(0, -1));
  if (!(percent >= 0 && percent <= 100)) throw new Error(`${text} is no share between 0% and 100%`);
  return { share: percent / 100 };
}

function positive(signal: Signal, bound: Bound): Bound {
  if ('amount' in bound && bound.amount.isZero()) throw new Error(`eviction threshold ${signal} must be positive: 0`);
  return bound;
}

const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** As Go writes durations: `1m30s`. */
export function durationMs(text: string): number {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) throw new Error(`${JSON.stringify(text)} is not a duration such as 1m30s`);
  return [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (unitMs[unit] ?? 0),
    0,
  );
}
