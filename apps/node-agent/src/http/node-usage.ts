// What a node and its pods use at one moment, put together from counters, the last measured rates and the pods' statuses: the
// one source of both forms in which it is told.
import type { Pod } from '@berth/api';
import type { Usage, UsageReport } from '@berth/protocol';
import type { ContainerStats } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import type { NodeFacts, NodeHealth } from '../node/node-object.ts';
import type { HostCounters } from '../node/usage-reporter.ts';
import { everyContainerStatus } from '../pods/every-container-status.ts';
import type { VolumeUsage } from '../volumes/volume-usage.ts';

export interface ContainerUsage {
  id: string;
  name: string;
  atMs: number;
  /** RFC 3339; absent before the pod's status says so. */
  startedAt: string | undefined;
  cpuNanoseconds: number;
  /** Absent before its second measurement. */
  cpuNanoCores: number | undefined;
  memoryBytes: number;
  filesystemBytes: number;
}

export interface PodUsage {
  pod: Pod;
  containers: ContainerUsage[];
  volumes: VolumeUsage[];
}

export interface MeasuredUsage {
  facts: NodeFacts;
  atMs: number;
  counters: HostCounters;
  rates: Usage | undefined;
  pods: PodUsage[];
}

export interface NodeUsage extends MeasuredUsage {
  health: NodeHealth;
}

export interface UsageSources {
  settings(): { facts: NodeFacts };
  pods(): Pod[];
  volumes(pod: Pod): Promise<VolumeUsage[]>;
  /** The newest measured rates. */
  rates(): UsageReport | undefined;
  clock: Pick<Clock, 'now'>;
}

/** Everything but how the node is. */
export async function measuredUsage(sources: UsageSources, stats: ContainerStats[], counters: HostCounters): Promise<MeasuredUsage> {
  const pods = sources.pods();
  const volumes = await Promise.all(pods.map(async (pod) => [pod.metadata.uid ?? '', await sources.volumes(pod)] as const));
  const report = sources.rates();
  const common = { facts: sources.settings().facts, atMs: sources.clock.now(), counters, rates: report?.node };
  return { ...common, pods: podUsages(pods, stats, new Map(volumes), report) };
}

/** @param volumes by pods' uids @param rates the newest report, if there is one */
export function podUsages(
  pods: Pod[],
  stats: ContainerStats[],
  volumes: ReadonlyMap<string, VolumeUsage[]>,
  rates: UsageReport | undefined,
): PodUsage[] {
  const byPod = Map.groupBy(stats, ({ podUid }) => podUid);
  return pods.flatMap((pod) => {
    const uid = pod.metadata.uid ?? '';
    const measured = byPod.get(uid);
    if (!measured) return [];
    const podRates = rates?.pods.find((reported) => reported.uid === uid)?.containers;
    const containers = measured.map((container) => ({
      id: container.containerId,
      name: container.name,
      atMs: container.atMs,
      startedAt: startedAt(pod, container.name),
      cpuNanoseconds: container.cpuUsageNanoseconds,
      cpuNanoCores: podRates?.find(({ name }) => name === container.name)?.cpuNanoCores,
      memoryBytes: container.memoryWorkingSetBytes,
      filesystemBytes: container.filesystemUsedBytes,
    }));
    return [{ pod, containers, volumes: volumes.get(uid) ?? [] }];
  });
}

function startedAt({ status }: Pod, container: string): string | undefined {
  return everyContainerStatus(status).find(({ name }) => name === container)?.state?.running?.startedAt;
}

/** Undefined when nothing was measured. */
export function sum(numbers: (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, number) => total + number, 0);
}
