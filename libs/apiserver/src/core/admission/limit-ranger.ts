// A namespace's limit ranges: defaults for containers that say nothing, bounds for containers, pods and claims. What a pod
// was given is written into an annotation.
import {
  type Container,
  type LimitRange,
  type LimitRangeItem,
  type PersistentVolumeClaim,
  type Pod,
  podAmounts,
  qosClass,
} from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { amountViolations, claimViolations } from './limit-violations.ts';
import { isKind } from './request-predicates.ts';

const annotation = 'kubernetes.io/limit-ranger';

export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger';
  readonly #ranges: (namespace: string) => LimitRange[];

  /** @param ranges the limit ranges of a namespace */
  constructor(ranges: (namespace: string) => LimitRange[]) {
    this.#ranges = ranges;
  }

  mutate(request: AdmissionRequest): void {
    if (!limitsPod(request)) return;
    const pod = request.object as Pod;
    for (const range of this.#ranges(request.namespace ?? '')) fillIn(pod, range);
  }

  validate(request: AdmissionRequest): void {
    const isPod = limitsPod(request);
    if (!isPod && !limitsClaim(request)) return;
    for (const { spec } of this.#ranges(request.namespace ?? '')) {
      const limits = spec?.limits ?? [];
      const violations = isPod ? podViolations(request.object as Pod, limits) : boundsOfClaim(request.object, limits);
      const [first] = violations;
      if (first === undefined) continue;
      throw StatusError.forbidden(request.kind, request.name, violations.length === 1 ? first : `[${violations.join(', ')}]`);
    }
  }
}

/** The resources of a pod do not change but by its resize subresource. */
function limitsPod({ kind, operation, subresource, old }: AdmissionRequest): boolean {
  if (!isKind(kind, '', 'Pod') || old?.metadata.deletionTimestamp) return false;
  return operation === 'CREATE' ? !subresource : subresource === 'resize';
}

function limitsClaim({ kind, subresource, old }: AdmissionRequest): boolean {
  return !subresource && isKind(kind, '', 'PersistentVolumeClaim') && !old?.metadata.deletionTimestamp;
}

function fillIn(pod: Pod, { spec }: LimitRange): void {
  const items = (spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const requests = Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)) as Record<string, string>;
  const limits = Object.assign({}, ...items.map((item) => item.default)) as Record<string, string>;
  const set = [
    ...(pod.spec.containers ?? []).flatMap((container) => fillContainer(container, 'container', requests, limits)),
    ...(pod.spec.initContainers ?? []).flatMap((container) => fillContainer(container, 'init container', requests, limits)),
  ];
  if (set.length === 0) return;
  pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${set.join('; ')}` };
  // What a pod asks for decides how it is treated when a node runs out.
  if (pod.status) pod.status.qosClass = qosClass(pod.spec);
}

/** Returns what was set, in words. */
function fillContainer(container: Container, title: string, requests: Record<string, string>, limits: Record<string, string>): string[] {
  const given = container.resources ?? {};
  const absent = (names: Record<string, string>, own: Record<string, string> | undefined) =>
    Object.keys(names)
      .filter((name) => own?.[name] === undefined)
      .sort();
  const setRequests = absent(requests, given.requests);
  const setLimits = absent(limits, given.limits);
  if (setRequests.length === 0 && setLimits.length === 0) return [];
  container.resources = { ...given, limits: { ...limits, ...given.limits }, requests: { ...requests, ...given.requests } };
  const set: string[] = [];
  if (setRequests.length > 0) set.push(`${setRequests.join(', ')} request for ${title} ${container.name}`);
  if (setLimits.length > 0) set.push(`${setLimits.join(', ')} limit for ${title} ${container.name}`);
  return set;
}

function podViolations({ spec }: Pod, limits: LimitRangeItem[]): string[] {
  return limits.flatMap((item) => {
    if (item.type === 'Pod') {
      const requests = podAmounts(spec, 'requests', false);
      return amountViolations(item, requests, podAmounts(spec, 'limits', false));
    }
    if (item.type !== 'Container') return [];
    // One container's amounts are those of a pod that has nothing else.
    return [...spec.containers, ...(spec.initContainers ?? [])].flatMap((container) => {
      const alone = { containers: [container] };
      return amountViolations(item, podAmounts(alone, 'requests', false), podAmounts(alone, 'limits', false));
    });
  });
}

function boundsOfClaim(object: unknown, limits: LimitRangeItem[]): string[] {
  const requests = (object as PersistentVolumeClaim).spec?.resources?.requests ?? {};
  return limits.filter(({ type }) => type === 'PersistentVolumeClaim').flatMap((item) => claimViolations(item, requests));
}
