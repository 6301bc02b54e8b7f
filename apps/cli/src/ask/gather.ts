// Reads what judging takes. What the user may not read is noted, so that nobody takes it for absent.
import {
  DaemonSet,
  Decision,
  Deployment,
  EndpointSlice,
  Event,
  Job,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  Service,
  StatefulSet,
  StorageClass,
} from '@berth/api';
import type { Known, Why } from '@berth/causes';
import type { HttpClient } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';

const podsMax = 10;
const linesRead = 50;
const lineCharactersMax = 300;

export async function gather(client: HttpClient, namespace: string, now: number): Promise<Known> {
  const unread = new Set<string>();
  const read = async <T extends KubeObject>(kind: KindDefinition<T>): Promise<T[]> => {
    try {
      return (await client.list(kind, kind.namespaced ? { namespace } : {})).items;
    } catch (error) {
      if (!isReason(error, 'Forbidden')) throw error;
      unread.add(kind.plural);
      return [];
    }
  };
  const [pods, replicaSets, deployments, statefulSets, daemonSets, jobs] = await Promise.all([
    ...([read(Pod), read(ReplicaSet), read(Deployment)] as const),
    ...([read(StatefulSet), read(DaemonSet), read(Job)] as const),
  ]);
  const [claims, services, endpointSlices, events] = await Promise.all([
    ...([read(PersistentVolumeClaim), read(Service), read(EndpointSlice), read(Event)] as const),
  ]);
  const [nodes, volumes, classes] = await Promise.all([read(Node), read(PersistentVolume), read(StorageClass)]);
  const workloads = { pods, replicaSets, deployments, statefulSets, daemonSets, jobs };
  return {
    now,
    ...workloads,
    claims,
    services,
    endpointSlices,
    events,
    nodes,
    volumes,
    classes,
    decisions: new Map(),
    lastLines: new Map(),
    unread,
  };
}

/** Adds what only the pods that were found to be the cause are worth asking for: decisions and last lines. */
export async function lookCloser(client: HttpClient, namespace: string, known: Known, { causes }: Why): Promise<Known> {
  const names = new Set(causes.flatMap(({ object }) => (object.startsWith('pod/') ? [object.slice('pod/'.length)] : [])));
  const pods = known.pods.filter(({ metadata }) => names.has(metadata.name)).slice(0, podsMax);
  const decisions = new Map<string, Decision | string>();
  const lastLines = new Map<string, string>();
  for (const pod of pods) {
    const { name } = pod.metadata;
    if (!pod.spec.nodeName) decisions.set(name, await decisionOf(client, namespace, name));
    for (const { name: container, restartCount } of failedContainers(pod)) {
      const line = await lastLine(client, namespace, name, container, (restartCount ?? 0) > 0);
      if (line !== undefined) lastLines.set(`${name}/${container}`, line);
    }
  }
  return { ...known, decisions, lastLines };
}

async function decisionOf(client: HttpClient, namespace: string, name: string): Promise<Decision | string> {
  try {
    return await client.get(Decision, { namespace, name });
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

function failedContainers({ status }: Pod) {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.filter(({ state, lastState }) => state?.terminated?.exitCode || (state?.waiting && lastState?.terminated));
}

async function lastLine(
  client: HttpClient,
  namespace: string,
  pod: string,
  container: string,
  isPrevious: boolean,
): Promise<string | undefined> {
  const query = new URLSearchParams({ container, tailLines: String(linesRead), ...(isPrevious && { previous: 'true' }) });
  try {
    const text = await client.text(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`);
    return lineThatMatters(text);
  } catch (error) {
    // A log that is gone, or may not be read, leaves what is known without it.
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** The last one that speaks of a failure, else the last one. */
export function lineThatMatters(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((one) => /error|fatal|panic|exception|cannot|can't|failed|denied|refused/i.test(one)) ?? lines.at(-1);
  return line?.trim().slice(0, lineCharactersMax);
}
