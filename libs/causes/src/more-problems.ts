// What is wrong with what is neither pod, node, Deployment nor volume: pods that are refused, jobs that failed, autoscalers without numbers,
// services that lead nowhere.
import type {
  autoscalingV2,
  batchV1,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Event,
  OwnerReference,
  Pod,
  Service,
  StatefulSet,
} from '@berth/api';
import { labelSelectorFrom, selectorText } from '@berth/machinery';
import { ageMs } from './age.ts';
import { apiServiceMark, webhookMark } from './marks.ts';
import type { Problem, ProblemKind } from './problem.ts';
import { timeOfEvent } from './warnings.ts';

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
  cronJobs?: batchV1.CronJob[];
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
    if (!other || timeOfEvent(event) >= timeOfEvent(other)) newest.set(uid, event);
  }
  return [...newest.values()]
    .filter((event) => event.reason === 'FailedCreate' && (ageMs(timeOfEvent(event), now) ?? refusedWithinMs) < refusedWithinMs)
    .map((event) => refusal(event, observed.deployments));
}

function lackingPods({ deployments, statefulSets = [], daemonSets = [], jobs = [], cronJobs = [] }: Makers): Set<string> {
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
    ...cronJobs.filter(({ spec }) => !spec.suspend).map((one) => mark('CronJob', one)),
  ]);
}

/** Of a ReplicaSet, its Deployment speaks: that is what one has written, and would change. */
function refusal(event: Event, deployments: Deployment[]): Problem {
  const { kind, namespace, name = '' } = event.involvedObject;
  const marks = ownerMarks(namespace, kind, name);
  const deployment = deployments.find(({ metadata }) => marks.includes(`Deployment/${metadata.namespace}/${metadata.name}`));
  const who = deployment ? { kind: 'Deployment' as const, name: deployment.metadata.name } : { kind: kind as ProblemKind, name };
  const message = `its ${kind === 'CronJob' ? 'runs' : 'pods'} are refused: ${event.message ?? ''}`;
  const [, webhook] = /failed calling webhook "([^"]+)"/.exec(message) ?? [];
  const explainedBy = webhook === undefined ? {} : { explainedBy: [webhookMark(webhook)] };
  const base = { ...who, namespace, severity: 'error' as const, reason: refusalReason(message), message };
  const since = event.firstTimestamp ?? timeOfEvent(event);
  return { ...base, since, group: `refused/${kind}/${namespace}/${name}`, explains: marks, ...explainedBy };
}

/** Who refuses, from what it says. */
export function refusalReason(message: string): string {
  if (/exceeded quota/.test(message)) return 'Quota';
  if (/violates PodSecurity/.test(message)) return 'PodSecurity';
  if (/webhook "/.test(message)) return 'Webhook';
  if (/ValidatingAdmissionPolicy/.test(message)) return 'Policy';
  if (/serviceaccount "[^"]+" not found/.test(message)) return 'ServiceAccount';
  return /(minimum|maximum) .* usage per |(min|max) limit to request ratio/i.test(message) ? 'LimitRange' : 'FailedCreate';
}

/** A replica set is called after its Deployment and a hash. */
export function ownerMarks(namespace: string | undefined, kind: string | undefined, name: string): string[] {
  const own = `${kind}/${namespace}/${name}`;
  return kind === 'ReplicaSet' ? [own, `Deployment/${namespace}/${name.replace(/-[a-z0-9]+$/, '')}`] : [own];
}

/** Jobs that failed; of a CronJob, only while its newest one did. */
export function jobProblems(jobs: batchV1.Job[]): Problem[] {
  const isPast = pastRuns(jobs);
  return jobs.flatMap((job) => {
    const { namespace, name } = job.metadata;
    const failed = failedCondition(job);
    if (!failed || isPast(job)) return [];
    const mark = `Job/${namespace}/${name}`;
    const owner = controllerOf(job);
    const explains = owner ? { explains: [`${owner.kind}/${namespace}/${owner.name}`] } : {};
    const base = { kind: 'Job' as const, namespace, name, severity: 'error' as const, group: mark, explainedBy: [mark], ...explains };
    return [{ ...base, reason: failed.reason || 'Failed', message: failed.message ?? '', since: failed.lastTransitionTime }];
  });
}

/** Of jobs that came to a good end after all, or that their CronJob has run again since: how they failed concerns nobody any longer. */
export function leftoverPods(jobs: batchV1.Job[]): (pod: Pod) => boolean {
  const isPast = pastRuns(jobs);
  const over = jobs.filter((job) => job.status?.completionTime !== undefined || isPast(job));
  const uids = new Set(over.map(({ metadata }) => metadata.uid));
  return (pod) => pod.status?.phase === 'Failed' && uids.has(controllerOf(pod)?.uid ?? '');
}

function pastRuns(jobs: batchV1.Job[]): (job: batchV1.Job) => boolean {
  const newest = new Map<string, string>();
  for (const job of jobs) {
    const owner = controllerOf(job)?.uid;
    const created = job.metadata.creationTimestamp ?? '';
    // One that still runs says nothing yet.
    const isOver = job.status?.completionTime !== undefined || failedCondition(job) !== undefined;
    if (owner && isOver && created > (newest.get(owner) ?? '')) newest.set(owner, created);
  }
  return (job) => {
    const owner = controllerOf(job)?.uid;
    return owner !== undefined && (job.metadata.creationTimestamp ?? '') < (newest.get(owner) ?? '');
  };
}

function failedCondition({ status }: batchV1.Job) {
  return status?.conditions?.find(({ type, status: is }) => type === 'Failed' && is === 'True');
}

function controllerOf({ metadata }: { metadata: { ownerReferences?: OwnerReference[] } }): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller);
}

export function autoscalerProblems(autoscalers: autoscalingV2.HorizontalPodAutoscaler[]): Problem[] {
  return autoscalers.flatMap(({ metadata, spec, status }) => {
    const bad = status?.conditions?.find(
      ({ type, status: is, reason }) =>
        (type === 'AbleToScale' || type === 'ScalingActive') && is === 'False' && reason !== 'ScalingDisabled',
    );
    if (!bad) return [];
    const { namespace, name } = metadata;
    const { kind, name: target } = spec?.scaleTargetRef ?? {};
    // Of pods that do not run there are no numbers, nor from servers of metrics that do not answer.
    const [, of] = /\b((?:custom|external)\.metrics\.k8s\.io|metrics\.k8s\.io)\b/.exec(bad.message ?? '') ?? [];
    const explainedBy = [`${kind}/${namespace}/${target}`, ...(of === undefined ? [] : [apiServiceMark(of)])];
    const base = { kind: 'HorizontalPodAutoscaler' as const, namespace, name, severity: 'warning' as const, explainedBy };
    const group = `HorizontalPodAutoscaler/${namespace}/${name}`;
    return [{ ...base, group, reason: bad.reason ?? bad.type ?? '', message: bad.message ?? '', since: bad.lastTransitionTime }];
  });
}

/** Services that select pods and have none that is ready, or that lead to a port which no pod has. */
export function serviceProblems(services: Service[], slices: EndpointSlice[], pods: Pod[], now: number): Problem[] {
  const ready = readyPorts(slices);
  let podsByNamespace: Map<string, Pod[]> | undefined;
  return services.flatMap(({ metadata, spec }) => {
    const { namespace, name, creationTimestamp } = metadata;
    const selector = spec?.selector ?? {};
    if (spec?.type === 'ExternalName' || Object.keys(selector).length === 0) return [];
    if ((ageMs(creationTimestamp, now) ?? 0) < startingMs) return [];
    const group = `Service/${namespace}/${name}`;
    const base = { kind: 'Service' as const, namespace, name, severity: 'warning' as const, group, explains: [group] };
    const own = ready.get(`${namespace}/${name}`);
    if (own) {
      const lost = (spec?.ports ?? []).find((port) => typeof port.targetPort === 'string' && !own.has(port.name ?? ''));
      if (!lost) return [];
      return [{ ...base, reason: 'NoSuchPort', message: `its port ${lost.port} leads to "${lost.targetPort}", which no pod has` }];
    }
    const wanted = labelSelectorFrom({ matchLabels: selector });
    // Ten thousand pods are gone through once, not once for each service.
    podsByNamespace ??= Map.groupBy(pods, (pod) => pod.metadata.namespace ?? '');
    const selected = (podsByNamespace.get(namespace ?? '') ?? []).filter((pod) => wanted.matches(pod.metadata.labels ?? {}));
    const text = selectorText({ matchLabels: selector });
    const message = selected.length === 0 ? `no pod has its labels, ${text}` : `none of its ${selected.length} pods is ready`;
    const explainedBy = selected.map((pod) => `Pod/${namespace}/${pod.metadata.name}`);
    return [{ ...base, reason: 'No endpoints', message, explainedBy }];
  });
}

/** By service, the names of the ports that somebody ready has. */
export function readyPorts(slices: EndpointSlice[]): Map<string, Set<string>> {
  const ready = new Map<string, Set<string>>();
  for (const { metadata, endpoints, ports } of slices) {
    if (!endpoints?.some(({ conditions }) => conditions?.ready !== false)) continue;
    const key = `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`;
    const names = ready.get(key) ?? new Set();
    for (const { name } of ports ?? []) names.add(name ?? '');
    ready.set(key, names);
  }
  return ready;
}
