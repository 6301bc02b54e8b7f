// How many pods a resource metric asks for: what pods use now, against what the target allows each of them. Pods that do not
// say are taken to be at the target when that would shrink, and idle when that would grow the target, so that a gap in what is
// known never makes the change larger (Kubernetes, "Horizontal Pod Autoscaling", algorithm details).
import type { HorizontalPodAutoscaler, Pod } from '@berth/api';
import { parseQuantity, Quantity } from '@berth/machinery';
import { isReady } from '../pod-state.ts';

export type MetricSpec = NonNullable<HorizontalPodAutoscaler['spec']['metrics']>[number];
export type MetricStatus = NonNullable<NonNullable<HorizontalPodAutoscaler['status']>['currentMetrics']>[number];

/** By uid of the pod, then container: nanos of the resource. */
export type Usages = ReadonlyMap<string, ReadonlyMap<string, { cpu: bigint; memory: bigint }>>;

export interface Proposal {
  replicas: number;
  /** For conditions and events: `cpu resource utilization (percentage of request)`. */
  name: string;
  status: MetricStatus;
}

/** How far from the target usage may be without a change, as shares of it, by direction. */
export interface Tolerances {
  up: number;
  down: number;
}

const defaultTolerance = '0.1';

/** What an autoscaler's behavior says, else a tenth. */
export function tolerancesOf({ spec: { behavior } }: HorizontalPodAutoscaler): Tolerances {
  const share = (text = defaultTolerance) => Number(parseQuantity(text).nanos) / 1e9;
  return { up: share(behavior?.scaleUp?.tolerance), down: share(behavior?.scaleDown?.tolerance) };
}

interface Sample {
  used: bigint;
  requested: bigint | undefined;
}

/** @returns the proposal, or why there is none */
export function propose(metric: MetricSpec, pods: Pod[], current: number, usages: Usages, tolerances: Tolerances): Proposal | string {
  const source = metric.type === 'Resource' ? metric.resource : metric.containerResource;
  if (!source || (source.name !== 'cpu' && source.name !== 'memory')) return `metrics of type ${metric.type} are not measured here`;
  const resource: 'cpu' | 'memory' = source.name === 'cpu' ? 'cpu' : 'memory';
  const container = metric.containerResource?.container;
  const { averageUtilization: percent, averageValue } = source.target;
  const counted = pods.filter(({ metadata, status }) => !metadata.deletionTimestamp && status?.phase !== 'Failed');
  const samples = new Map<Pod, Sample>();
  for (const pod of counted) {
    const sample = sampleOf(pod, resource, container, usages);
    if (sample && isReady(pod)) samples.set(pod, sample);
  }
  if (samples.size === 0) return `unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`;
  const target = averageValue === undefined ? undefined : parseQuantity(averageValue).nanos;
  const allowance = (pod: Pod): bigint | undefined => {
    if (target !== undefined) return target;
    const requested = requestOf(pod, resource, container);
    return requested === undefined ? undefined : (requested * BigInt(percent ?? 0)) / 100n;
  };
  const unclear = counted.find((pod) => allowance(pod) === undefined);
  if (unclear) return `missing request for ${resource} in container of Pod ${unclear.metadata.name}`;
  const isNear = (ratio: number) => ratio >= 1 - tolerances.down && ratio <= 1 + tolerances.up;
  const replicas = replicasFor(counted, samples, (pod) => allowance(pod) ?? 0n, current, isNear);
  const used = sum([...samples.values()].map((sample) => sample.used));
  const requested = sum([...samples.values()].map((sample) => sample.requested ?? 0n));
  const measured = {
    ...(percent !== undefined && requested > 0n && { averageUtilization: Number((used * 100n) / requested) }),
    averageValue: amountText(used / BigInt(samples.size), resource),
  };
  const kind = container === undefined ? 'resource' : 'container resource';
  const name = `${resource} ${kind}${percent === undefined ? '' : ' utilization (percentage of request)'}`;
  const status: MetricStatus =
    container === undefined
      ? { type: 'Resource', resource: { name: resource, current: measured } }
      : { type: 'ContainerResource', containerResource: { name: resource, container, current: measured } };
  return { replicas, name, status };
}

function replicasFor(
  pods: Pod[],
  samples: Map<Pod, Sample>,
  allowance: (pod: Pod) => bigint,
  current: number,
  isNear: (ratio: number) => boolean,
): number {
  const ratioOf = (used: bigint, allowed: bigint) => Number((used * 10_000n) / (allowed || 1n)) / 10_000;
  const used = sum([...samples.values()].map((sample) => sample.used));
  const known = [...samples.keys()];
  const ratio = ratioOf(used, sum(known.map(allowance)));
  const rest = pods.filter((pod) => !samples.has(pod));
  if (rest.length === 0) return isNear(ratio) ? current : Math.ceil(ratio * known.length);
  const assumed = ratio < 1 ? sum(rest.map(allowance)) : 0n;
  const careful = ratioOf(used + assumed, sum(pods.map(allowance)));
  const turned = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (isNear(careful) || turned) return current;
  const replicas = Math.ceil(careful * pods.length);
  const isBackwards = (careful < 1 && replicas > current) || (careful > 1 && replicas < current);
  return isBackwards ? current : replicas;
}

function sampleOf(pod: Pod, resource: 'cpu' | 'memory', container: string | undefined, usages: Usages): Sample | undefined {
  const byContainer = usages.get(pod.metadata.uid ?? '');
  const names = pod.spec.containers.map(({ name }) => name).filter((name) => container === undefined || name === container);
  const used = names.map((name) => byContainer?.get(name)?.[resource]);
  if (used.length === 0 || used.some((amount) => amount === undefined)) return undefined;
  return { used: sum(used.map((amount) => amount ?? 0n)), requested: requestOf(pod, resource, container) };
}

function requestOf(pod: Pod, resource: string, container: string | undefined): bigint | undefined {
  const chosen = pod.spec.containers.filter(({ name }) => container === undefined || name === container);
  const requests = chosen.map(({ resources }) => resources?.requests?.[resource]);
  if (requests.length === 0 || requests.some((amount) => amount === undefined)) return undefined;
  return sum(requests.map((amount) => parseQuantity(amount ?? '0').nanos));
}

/** In whole millicores or bytes. */
function amountText(nanos: bigint, resource: 'cpu' | 'memory'): string {
  const unit = resource === 'cpu' ? 1_000_000n : 1_000_000_000n;
  return new Quantity((nanos / unit) * unit, resource === 'cpu' ? 'DecimalSI' : 'BinarySI').toString();
}

function sum(amounts: bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
