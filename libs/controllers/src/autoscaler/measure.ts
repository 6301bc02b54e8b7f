// How many pods a resource metric asks for: what pods use now, against what the target allows each of them. Pods of which nothing
// is known are taken to use all they ask for when that would shrink, and nothing when that would grow the target, so that a gap in
// what is known never makes the change larger (Kubernetes, "Horizontal Pod Autoscaling", algorithm details).
import type { HorizontalPodAutoscaler, Pod } from '@berth/api';
import { keyOf, parseQuantity, Quantity } from '@berth/machinery';
import { type Failure, type MetricSpec, resourceFailure, unavailable } from './failures.ts';
import { isResource, requestOf, type Samples, sample, type Usages } from './samples.ts';

export type MetricStatus = NonNullable<NonNullable<HorizontalPodAutoscaler['status']>['currentMetrics']>[number];

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

export interface Measured {
  /** That the target's selector matches. */
  pods: Pod[];
  /** Replicas of the target. */
  current: number;
  usages: Usages;
  /** Why nothing is known, where that is so. */
  problem?: string | undefined;
  tolerances: Tolerances;
  namespace: string;
}

const defaultTolerance = '0.1';
const milli = 1_000_000n;

/** What an autoscaler's behavior says, else a tenth. */
export function tolerancesOf({ spec: { behavior } }: HorizontalPodAutoscaler): Tolerances {
  const share = (text = defaultTolerance) => Number(parseQuantity(text).nanos) / 1e9;
  return { up: share(behavior?.scaleUp?.tolerance), down: share(behavior?.scaleDown?.tolerance) };
}

export function propose(metric: MetricSpec, measured: Measured, now: number): Proposal | Failure {
  const { pods, usages, namespace } = measured;
  const notHere = unavailable(metric, namespace);
  if (notHere) return notHere;
  const source = metric.resource ?? metric.containerResource;
  const failed = (why: string) => resourceFailure(metric, why);
  const container = metric.containerResource?.container;
  const unknown = unknownUsage(pods, container, measured);
  if (unknown) return failed(`unable to get metrics for resource ${source?.name}: ${unknown}`);
  const unready = failed('did not receive metrics for targeted pods (pods might be unready)');
  if (!source || !isResource(source.name)) return unready;
  const resource = source.name;
  const samples = sample(pods, resource, container, usages, now);
  if (samples.used.size === 0) return unready;
  const requests = new Map<Pod, bigint>();
  const { averageUtilization: percent } = source.target;
  for (const pod of percent === undefined ? [] : pods) {
    const request = requestOf(pod, resource, container);
    if (typeof request === 'string') return failed(request);
    requests.set(pod, request);
  }
  const scale = percent === undefined ? byValue(parseQuantity(source.target.averageValue ?? '0').nanos) : byRequest(requests, percent);
  // A share of nothing is no share: pods that ask for 0 say nothing.
  if (percent !== undefined && sum([...samples.used.keys()].map((pod) => requests.get(pod) ?? 0n)) === 0n) {
    return failed('no metrics returned matched known pods');
  }
  const replicas = replicasFor(samples, scale, measured);
  const used = [...samples.used.values()];
  const current = {
    ...(percent !== undefined && { averageUtilization: utilization(samples.used, requests) }),
    averageValue: new Quantity((sum(used) / BigInt(used.length) / milli) * milli).toString(),
  };
  const kind = container === undefined || percent === undefined ? 'resource' : 'container resource';
  const name = `${resource} ${kind}${percent === undefined ? '' : ' utilization (percentage of request)'}`;
  const status: MetricStatus =
    container === undefined
      ? { type: 'Resource', resource: { name: resource, current } }
      : { type: 'ContainerResource', containerResource: { name: resource, container, current } };
  return { replicas, name, status };
}

function unknownUsage(pods: Pod[], container: string | undefined, { usages, namespace, problem }: Measured): string | undefined {
  const known = pods.filter((pod) => usages.has(keyOf(pod)));
  if (known.length === 0) return problem ?? 'no metrics returned from resource metrics API';
  const other = container !== undefined && known.find((pod) => !usages.get(keyOf(pod))?.containers.has(container));
  if (!other) return undefined;
  return `failed to get container metrics: container ${container} not present in metrics for pod ${namespace}/${other.metadata.name}`;
}

/** How far usage is from the target, and what a pod of which nothing is known is taken to use on the way down. */
interface Scale {
  ratio(used: Map<Pod, bigint>): number;
  assumed(pod: Pod): bigint;
}

function byRequest(requests: Map<Pod, bigint>, percent: number): Scale {
  const most = BigInt(Math.max(100, percent));
  return {
    ratio: (used) => utilization(used, requests) / percent,
    assumed: (pod) => ((requests.get(pod) ?? 0n) * most) / 100n,
  };
}

function byValue(target: bigint): Scale {
  return {
    ratio: (used) => Number(sum([...used.values()]) / BigInt(used.size) / milli) / Number(target / milli || 1n),
    assumed: () => target,
  };
}

/** In whole percent. */
function utilization(used: Map<Pod, bigint>, requests: Map<Pod, bigint>): number {
  const requested = sum([...used.keys()].map((pod) => requests.get(pod) ?? 0n));
  return Number((sum([...used.values()]) * 100n) / (requested || 1n));
}

function replicasFor({ used, unready, missing }: Samples, scale: Scale, { current, tolerances }: Measured): number {
  const isNear = (ratio: number) => ratio >= 1 - tolerances.down && ratio <= 1 + tolerances.up;
  const ratio = scale.ratio(used);
  const idle = ratio > 1 ? unready : [];
  if (missing.length === 0 && idle.length === 0) return isNear(ratio) ? current : Math.ceil(ratio * used.size);
  const all = new Map(used);
  for (const pod of missing) all.set(pod, ratio < 1 ? scale.assumed(pod) : 0n);
  for (const pod of idle) all.set(pod, 0n);
  const careful = scale.ratio(all);
  const turned = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (isNear(careful) || turned) return current;
  const replicas = Math.ceil(careful * all.size);
  const isBackwards = (careful < 1 && replicas > current) || (careful > 1 && replicas < current);
  return isBackwards ? current : replicas;
}

function sum(amounts: bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
