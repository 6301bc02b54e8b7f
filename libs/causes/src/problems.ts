// What is wrong now, from what is there: each finding names its object and says why in the cluster's own words.

import type { Deployment, Event, Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@berth/api';
import { ageMs } from './age.ts';
import { ingressCertificateProblems, ownCertificateProblems, trustProblems } from './certificate-problems.ts';
import { cronJobProblems } from './cron-job-problems.ts';
import { apiServiceProblems, webhookProblems } from './extension-problems.ts';
import { fillingProblem } from './filling-volumes.ts';
import { budgetProblems, ingressProblems, namespaceProblems, setProblems } from './further-problems.ts';
import { autoscalerProblems, jobProblems, leftoverPods, ownerMarks, refusalProblems, serviceProblems } from './more-problems.ts';
import { type Fault, podFault } from './pod-fault.ts';
import type { Problem } from './problem.ts';
import { newestWarnings } from './warnings.ts';
import type { Known } from './why.ts';

type Needed = 'pods' | 'nodes' | 'deployments' | 'claims' | 'volumes' | 'events';
type Further =
  | 'replicaSets'
  | 'statefulSets'
  | 'daemonSets'
  | 'jobs'
  | 'autoscalers'
  | 'services'
  | 'endpointSlices'
  | 'budgets'
  | 'ingresses'
  | 'namespaces'
  | 'cronJobs'
  | 'apiServices'
  | 'validatingWebhooks'
  | 'mutatingWebhooks'
  | 'certificates'
  | 'volumesFree'
  | 'certificateEnds'
  | 'unread';
/** Of what is not given, nothing is wrong. */
export type Observed = Pick<Known, Needed> & Partial<Pick<Known, Further>>;

/** Shorter than this, claims are merely on their way. */
const startingMs = 30_000;

export function findProblems(observed: Observed, now: number): Problem[] {
  const { jobs = [], services = [], endpointSlices = [], pods, certificates = new Map(), unread } = observed;
  const { apiServices = [], validatingWebhooks = [], mutatingWebhooks = [] } = observed;
  const extensions = { apiServices, validatingWebhooks, mutatingWebhooks, services, endpointSlices, now };
  const areServicesKnown = !unread?.has('services') && !unread?.has('endpointslices');
  const warnings = newestWarnings(observed.events);
  const leftOver = leftoverPods(jobs);
  return [
    ...observed.nodes.flatMap(nodeProblems),
    ...observed.deployments.flatMap((deployment) => deploymentProblems(deployment, now)),
    ...pods.flatMap((pod) => (leftOver(pod) ? [] : (podProblem(pod, now, warnings.get(pod.metadata.uid ?? '')) ?? []))),
    ...observed.claims.flatMap((claim) => claimProblem(claim, warnings.get(claim.metadata.uid ?? ''), now) ?? []),
    ...observed.claims.flatMap((claim) => fillingProblem(claim, observed.volumesFree) ?? []),
    ...observed.volumes.flatMap((volume) => volumeProblem(volume) ?? []),
    ...refusalProblems(observed, now),
    ...setProblems(observed),
    ...jobProblems(jobs),
    ...autoscalerProblems(observed.autoscalers ?? []),
    ...serviceProblems(services, endpointSlices, pods, now),
    ...(areServicesKnown ? ingressProblems(observed.ingresses ?? [], services, now) : []),
    ...ingressCertificateProblems(observed.ingresses ?? [], { certificates, now }),
    ...cronJobProblems(observed, now),
    ...apiServiceProblems(extensions.apiServices, now),
    ...(areServicesKnown ? webhookProblems(extensions, now) : []),
    ...trustProblems(extensions),
    ...ownCertificateProblems({ certificateEnds: observed.certificateEnds ?? [], now }),
    ...budgetProblems(observed),
    ...namespaceProblems(observed.namespaces ?? [], now),
  ];
}

export function nodeProblems(node: Node): Problem[] {
  const base = { kind: 'Node' as const, name: node.metadata.name ?? '' };
  const explains = [`Node/${base.name}`];
  const conditions = node.status?.conditions ?? [];
  const ready = conditions.find((condition) => condition.type === 'Ready');
  const problems: Problem[] = [];
  if (ready?.status !== 'True') {
    const message = ready?.message || 'the node has never reported that it is ready';
    const reason = ready?.status === 'Unknown' ? 'Node lost' : 'NotReady';
    const group = `Node/${reason}/${message}`;
    problems.push({ ...base, severity: 'error', reason, message, since: ready?.lastTransitionTime, group, explains });
  }
  for (const condition of conditions) {
    const isBad = condition.status === 'True' && (condition.type.endsWith('Pressure') || condition.type === 'NetworkUnavailable');
    if (!isBad) continue;
    const message = condition.message ?? '';
    const group = `Node/${condition.type}/${message}`;
    problems.push({ ...base, severity: 'warning', reason: condition.type, message, since: condition.lastTransitionTime, group });
  }
  if (problems.length === 0 && node.spec?.unschedulable) {
    const since = node.spec.taints?.find(({ key }) => key === 'node.kubernetes.io/unschedulable')?.timeAdded;
    const message = 'it is ready, and cordoned: it takes no new pods';
    problems.push({ ...base, severity: 'warning', reason: 'Cordoned', message, since, group: `Node/Cordoned/${base.name}` });
  }
  return problems;
}

/** @param now undefined when one asks by name: then what has lasted for a moment counts as well */
export function deploymentProblems(deployment: Deployment, now?: number): Problem[] {
  const { namespace, name = '', generation = 0 } = deployment.metadata;
  const { conditions = [], availableReplicas = 0, updatedReplicas = 0, observedGeneration = 0 } = deployment.status ?? {};
  const { replicas = 1, paused } = deployment.spec;
  const group = `Deployment/${namespace}/${name}`;
  const base = { kind: 'Deployment' as const, namespace, name, group, explainedBy: [group] };
  const isStatus = (type: string, status: string) => conditions.find((found) => found.type === type && found.status === status);
  const since = (type: string) => conditions.find((found) => found.type === type)?.lastTransitionTime;
  if (paused) {
    if (updatedReplicas >= replicas || observedGeneration < generation) return [];
    const message = pausedText(updatedReplicas, replicas);
    return [{ ...base, severity: 'warning', reason: 'Paused', message, since: since('Progressing') }];
  }
  const unavailable = isStatus('Available', 'False');
  const isStarting = now !== undefined && (ageMs(unavailable?.lastTransitionTime, now) ?? startingMs) < startingMs;
  const bad = isStatus('ReplicaFailure', 'True') ?? isStatus('Progressing', 'False') ?? (isStarting ? undefined : unavailable);
  if (!bad) return [];
  const message = `${availableReplicas} of ${replicas} available: ${bad.message ?? ''}`;
  const reason = bad.type === 'Available' ? 'Unavailable' : bad.reason || (bad.type ?? '');
  return [{ ...base, severity: 'error', reason, message, since: bad.lastTransitionTime }];
}

export function pausedText(updatedReplicas: number, replicas: number): string {
  return `it is paused, with ${updatedReplicas} of ${replicas} pods as they should be`;
}

const silences = new Set(['Slow to start', 'Not ready', 'Stuck terminating']);

function podProblem(pod: Pod, now: number, warning: Event | undefined): Problem | undefined {
  const { namespace, name = '' } = pod.metadata;
  const found = podFault(pod, now, warning);
  if (!found) return undefined;
  const group = podGroup(pod, found);
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
  const explains = [`Pod/${namespace}/${name}`, ...(owner ? ownerMarks(namespace, owner.kind, owner.name) : [])];
  // What a node that is lost does not report follows from that.
  const isOfNode = pod.spec.nodeName !== undefined && silences.has(found.reason);
  return { kind: 'Pod', namespace, name, group, explains, ...(isOfNode && { explainedBy: [`Node/${pod.spec.nodeName}`] }), ...found };
}

/** What a node does to its pods is one problem; so is what one owner's pods have in common, or pods that give the same reason. */
function podGroup({ metadata, spec }: Pod, { reason, message }: Fault): string {
  if (metadata.deletionTimestamp) return `Pod/${reason}/${spec.nodeName}/${message}`;
  const owner = metadata.ownerReferences?.find((reference) => reference.controller);
  const common = owner ? `${owner.kind}/${owner.name}` : message;
  // A node says the one and the other of these in turns.
  const what = /^(ErrImagePull|ImagePullBackOff)$/.test(reason)
    ? 'image'
    : /^(CrashLoopBackOff|Error|Completed)$/.test(reason)
      ? 'crash'
      : reason;
  return `Pod/${metadata.namespace}/${what}/${common}`;
}

function claimProblem(claim: PersistentVolumeClaim, failure: Event | undefined, now: number): Problem | undefined {
  const { namespace, name = '', creationTimestamp } = claim.metadata;
  const group = `PersistentVolumeClaim/${namespace}/${name}`;
  const base = { kind: 'PersistentVolumeClaim' as const, namespace, name, group, since: creationTimestamp };
  const phase = claim.status?.phase;
  if (phase === 'Lost') return { ...base, severity: 'error', reason: 'Lost', message: `its volume ${claim.spec?.volumeName} is gone` };
  // A claim that waits for its first pod is well; one that something failed for is not.
  if (phase === 'Bound' || !failure || (ageMs(creationTimestamp, now) ?? 0) < startingMs) return undefined;
  return { ...base, severity: 'error', reason: failure.reason ?? 'Pending', message: failure.message ?? '' };
}

function volumeProblem({ metadata, status }: PersistentVolume): Problem | undefined {
  if (status?.phase !== 'Failed') return undefined;
  const name = metadata.name ?? '';
  const message = status.message ?? 'the volume could not be reclaimed';
  const group = `PersistentVolume/${name}`;
  return {
    kind: 'PersistentVolume',
    name,
    severity: 'error',
    reason: status.reason ?? 'Failed',
    message,
    since: status.lastPhaseTransitionTime,
    group,
  };
}
