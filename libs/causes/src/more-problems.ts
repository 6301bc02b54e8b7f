// What is wrong with what is neither pod, node, Deployment nor volume: pods that are refused, jobs that failed, autoscalers without numbers,
// services that lead nowhere.
import type { autoscalingV2, batchV1, DaemonSet, Deployment, EndpointSlice, Event, Pod, Service, StatefulSet } from '@berth/api';
import { labelSelectorFrom, selectorText } from '@berth/machinery';
import { ageMs } from './age.ts';
import type { Problem, ProblemKind } from './problem.ts';

/** For so long after the event, pods that were refused are missing; the controller tries again more often. */
const refusedWithinMs = 20 * 60_000;
/** A service that is younger merely waits for its pods. */
const startingMs = 60_000;

/** Those whose pods may be refused. */
interface Makers {
  events: Event[];
  deployments: Deployment[];
  statefulSets?: StatefulSet[];
  daemonSets?: DaemonSet[];
  jobs?: batchV1.Job[];
}

/** By quotas, policies and webhooks. The newest word about each owner that still lacks pods counts, unless it has made some since. */
export function refusalProblems(observed: Makers, now: number): Problem[] {
  const lacking = lackingPods(observed);
  const newest = new Map<string, Event>();
  for (const event of observed.events) {
    const { kind, namespace, name = '', uid = '' } = event.involvedObject;
    if (!/^(FailedCreate|SuccessfulCreate)$/.test(event.reason ?? '')) continue;
    if (!ownerMarks(namespace, kind, name).some((mark) => lacking.has(mark))) continue;
    const other = newest.get(uid);
    if (!other || timeOf(event) >= timeOf(other)) newest.set(uid, event);
  }
  return [...newest.values()]
    .filter((event) => event.reason === 'FailedCreate' && (ageMs(timeOf(event), now) ?? refusedWithinMs) < refusedWithinMs)
    .map((event) => refusal(event));
}

function lackingPods({ deployments, statefulSets = [], daemonSets = [], jobs = [] }: Makers): Set<string> {
  const mark = (kind: string, { metadata }: { metadata: { namespace?: string; name: string } }) =>
    `${kind}/${metadata.namespace}/${metadata.name}`;
  return new Set([
    ...deployments
      .filter(({ spec, status }) => (status?.availableReplicas ?? 0) < (spec.replicas ?? 1))
      .map((one) => mark('Deployment', one)),
    ...statefulSets
      .filter(({ spec, status }) => (status?.readyReplicas ?? 0) < (spec.replicas ?? 1))
      .map((one) => mark('StatefulSet', one)),
    ...daemonSets
      .filter(({ status }) => (status?.numberReady ?? 0) < (status?.desiredNumberScheduled ?? 0))
      .map((one) => mark('DaemonSet', one)),
    ...jobs.filter(({ status }) => !status?.completionTime).map((one) => mark('Job', one)),
  ]);
}

function refusal(event: Event): Problem {
  const { kind, namespace, name = '' } = event.involvedObject;
  const message = `its pods are refused: ${event.message ?? ''}`;
  const reason = /exceeded quota/.test(message) ? 'Quota' : /violates PodSecurity/.test(message) ? 'PodSecurity' : 'FailedCreate';
  const base = { kind: kind as ProblemKind, namespace, name, severity: 'error' as const, reason, message };
  return {
    ...base,
    since: event.firstTimestamp ?? timeOf(event),
    group: `${kind}/${namespace}/${name}`,
    explains: ownerMarks(namespace, kind, name),
  };
}

function timeOf({ series, lastTimestamp, eventTime, metadata }: Event): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}

/** A replica set is called after its Deployment and a hash. */
export function ownerMarks(namespace: string | undefined, kind: string | undefined, name: string): string[] {
  const own = `${kind}/${namespace}/${name}`;
  return kind === 'ReplicaSet' ? [own, `Deployment/${namespace}/${name.replace(/-[a-z0-9]+$/, '')}`] : [own];
}

/** Of a CronJob, only while its newest job is one that failed. */
export function jobProblems(jobs: batchV1.Job[]): Problem[] {
  const newest = new Map<string, string>();
  const ownerOf = ({ metadata }: batchV1.Job) => metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
  for (const job of jobs) {
    const owner = ownerOf(job);
    const created = job.metadata.creationTimestamp ?? '';
    if (owner && created > (newest.get(owner) ?? '')) newest.set(owner, created);
  }
  return jobs.flatMap((job) => {
    const { namespace, name, creationTimestamp = '' } = job.metadata;
    const failed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
    const owner = ownerOf(job);
    if (!failed || (owner && creationTimestamp < (newest.get(owner) ?? ''))) return [];
    const mark = `Job/${namespace}/${name}`;
    const base = { kind: 'Job' as const, namespace, name, severity: 'error' as const, group: mark, explainedBy: [mark] };
    return [{ ...base, reason: failed.reason || 'Failed', message: failed.message ?? '', since: failed.lastTransitionTime }];
  });
}

export function autoscalerProblems(autoscalers: autoscalingV2.HorizontalPodAutoscaler[]): Problem[] {
  return autoscalers.flatMap(({ metadata, status }) => {
    const bad = status?.conditions?.find(
      ({ type, status: is, reason }) =>
        (type === 'AbleToScale' || type === 'ScalingActive') && is === 'False' && reason !== 'ScalingDisabled',
    );
    if (!bad) return [];
    const { namespace, name } = metadata;
    const base = { kind: 'HorizontalPodAutoscaler' as const, namespace, name, severity: 'warning' as const };
    const group = `HorizontalPodAutoscaler/${namespace}/${name}`;
    return [{ ...base, group, reason: bad.reason ?? bad.type ?? '', message: bad.message ?? '', since: bad.lastTransitionTime }];
  });
}

/** Services that select pods and have none that is ready. */
export function serviceProblems(services: Service[], slices: EndpointSlice[], pods: Pod[], now: number): Problem[] {
  const ready = new Set(
    slices
      .filter(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false))
      .map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`),
  );
  return services.flatMap(({ metadata, spec }) => {
    const { namespace, name, creationTimestamp } = metadata;
    const selector = spec?.selector ?? {};
    if (spec?.type === 'ExternalName' || Object.keys(selector).length === 0 || ready.has(`${namespace}/${name}`)) return [];
    if ((ageMs(creationTimestamp, now) ?? 0) < startingMs) return [];
    const wanted = labelSelectorFrom({ matchLabels: selector });
    const selected = pods.filter((pod) => pod.metadata.namespace === namespace && wanted.matches(pod.metadata.labels ?? {}));
    const text = selectorText({ matchLabels: selector });
    const message = selected.length === 0 ? `no pod has its labels, ${text}` : `none of its ${selected.length} pods is ready`;
    const base = { kind: 'Service' as const, namespace, name, severity: 'warning' as const, reason: 'No endpoints', message };
    const explainedBy = selected.map((pod) => `Pod/${namespace}/${pod.metadata.name}`);
    return [{ ...base, group: `Service/${namespace}/${name}`, explainedBy }];
  });
}
