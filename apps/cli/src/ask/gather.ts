// Reads what judging takes. What the user may not read is noted, so that nobody takes it for absent.
import {
  APIService,
  Change,
  CronJob,
  DaemonSet,
  Decision,
  Deployment,
  EndpointSlice,
  Event,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  MutatingWebhookConfiguration,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Service,
  StatefulSet,
  StorageClass,
  ValidatingWebhookConfiguration,
} from '@berth/api';
import { endedContainers, type Known, lineThatMatters, logLinesRead } from '@berth/causes';
import type { HttpClient } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { certificatesOf, measuresOf } from './gather-further.ts';

/** Of so many of what was found, more is asked for. */
const closerMax = 30;
const changesRead = 20;

/** @param namespace undefined for all of them */
export async function gather(client: HttpClient, namespace: string | undefined, now: number): Promise<Known> {
  const unread = new Set<string>();
  const read = async <T extends KubeObject>(kind: KindDefinition<T>): Promise<T[]> => {
    try {
      return (await client.list(kind, kind.namespaced && namespace !== undefined ? { namespace } : {})).items;
    } catch (error) {
      if (!isReason(error, 'Forbidden')) throw error;
      unread.add(kind.plural);
      return [];
    }
  };
  const [pods, replicaSets, deployments, statefulSets, daemonSets, jobs, cronJobs] = await Promise.all([
    ...([read(Pod), read(ReplicaSet), read(Deployment)] as const),
    ...([read(StatefulSet), read(DaemonSet), read(Job), read(CronJob)] as const),
  ]);
  const [claims, services, endpointSlices, events, ingresses, autoscalers, budgets] = await Promise.all([
    ...([read(PersistentVolumeClaim), read(Service), read(EndpointSlice), read(Event)] as const),
    ...([read(Ingress), read(HorizontalPodAutoscaler), read(PodDisruptionBudget)] as const),
  ]);
  const [nodes, volumes, classes, namespaces] = await Promise.all([
    ...([read(Node), read(PersistentVolume), read(StorageClass), read(Namespace)] as const),
  ]);
  const [apiServices, validatingWebhooks, mutatingWebhooks] = await Promise.all([
    ...([read(APIService), read(ValidatingWebhookConfiguration), read(MutatingWebhookConfiguration)] as const),
  ]);
  const [certificates, measures] = await Promise.all([certificatesOf(client, ingresses), measuresOf(client, now)]);
  const workloads = { pods, replicaSets, deployments, statefulSets, daemonSets, jobs, cronJobs, autoscalers, budgets };
  const others = { claims, services, endpointSlices, events, ingresses, nodes, volumes, classes, namespaces };
  const extensions = { apiServices, validatingWebhooks, mutatingWebhooks, certificates, ...measures };
  return { now, ...workloads, ...others, ...extensions, decisions: new Map(), lastLines: new Map(), changes: new Map(), unread };
}

export interface Closer {
  namespace: string | undefined;
  name: string;
}

/** Adds what only those that were found to be the cause are worth asking for: decisions, last lines, and who changed what. */
export async function lookCloser(client: HttpClient, known: Known, pods: Closer[], changed: string[]): Promise<Known> {
  const wanted = new Set(pods.slice(0, closerMax).map(({ namespace, name }) => `${namespace}/${name}`));
  const decisions = new Map<string, Decision | string>();
  const lastLines = new Map<string, string>();
  const changes = new Map<string, Change[]>();
  for (const pod of known.pods) {
    const { namespace = '', name } = pod.metadata;
    if (!wanted.has(`${namespace}/${name}`)) continue;
    if (!pod.spec.nodeName) decisions.set(`${namespace}/${name}`, await decisionOf(client, namespace, name));
    for (const { name: container, isPrevious } of endedContainers(pod)) {
      const line = await lastLine(client, namespace, name, container, isPrevious);
      if (line !== undefined) lastLines.set(`${namespace}/${name}/${container}`, line);
    }
  }
  for (const mark of changed.slice(0, closerMax)) changes.set(mark, await changesOf(client, mark));
  return { ...known, decisions, lastLines, changes };
}

/** @param mark `Deployment/shop/web` */
async function changesOf(client: HttpClient, mark: string): Promise<Change[]> {
  const [kind, namespace, name] = mark.split('/');
  const fieldSelector = `object.kind=${kind},object.name=${name}`;
  try {
    return (await client.list(Change, { namespace: namespace ?? '', fieldSelector, limit: changesRead })).items;
  } catch (error) {
    // A past that is not kept, or may not be read, leaves what is known without it.
    if (error instanceof StatusError) return [];
    throw error;
  }
}

async function decisionOf(client: HttpClient, namespace: string, name: string): Promise<Decision | string> {
  try {
    return await client.get(Decision, { namespace, name });
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

async function lastLine(
  client: HttpClient,
  namespace: string,
  pod: string,
  container: string,
  isPrevious: boolean,
): Promise<string | undefined> {
  const query = new URLSearchParams({ container, tailLines: String(logLinesRead), ...(isPrevious && { previous: 'true' }) });
  try {
    const text = await client.text(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`);
    return lineThatMatters(text);
  } catch (error) {
    // A log that is gone, or may not be read, leaves what is known without it.
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}
