// What an agent says to Prometheus: itself, its pods, and its containers under the names that dashboards for Kubernetes use.
import type { ContainerStatus, Pod } from '@berth/api';
import type { ContainerStats } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import { collectProcessMetrics } from '@berth/telemetry/process-metrics';
import { Counter, Gauge, Registry } from 'prom-client';
import { everyContainerStatus } from '../pods/every-container-status.ts';
import type { VolumeUsage } from '../volumes/volume-usage.ts';
import { DnsMetrics } from './dns-metrics.ts';
import { RuntimeOperations } from './runtime-operations.ts';

/** By the kubelet's name, and in its words. */
export const certificateTtl = [
  'kubelet_certificate_manager_client_ttl_seconds',
  "Gauge of the TTL (time-to-live) of the Kubelet's client certificate. The value is in seconds until certificate expiry (negative if already expired).",
] as const;

export interface MetricsSources {
  clock: Pick<Clock, 'now'>;
  /** Of this node's own certificate; undefined before it has joined, which is as if it held for ever, as a kubelet says. */
  certificateEndsAtMs(): number | undefined;
  nodeName: string;
  pods(): Pod[];
  stats(): Promise<ContainerStats[]>;
  isConnected(): boolean;
  /** Of the proxy that serves Ingresses, in the text format of Prometheus. */
  ingress(): Promise<string>;
  /** Of all pods; one that several mount, several times. */
  volumes(): Promise<VolumeUsage[]>;
  /** By UID. */
  podName(uid: string): { namespace: string; name: string } | undefined;
}

const volumeMetrics = {
  capacity_bytes: ['capacityBytes', 'Capacity in bytes of the volume'],
  available_bytes: ['availableBytes', 'Number of available bytes in the volume'],
  used_bytes: ['usedBytes', 'Number of used bytes in the volume'],
  inodes: ['inodes', 'Maximum number of inodes in the volume'],
  inodes_free: ['inodesFree', 'Number of free inodes in the volume'],
  inodes_used: ['inodesUsed', 'Number of used inodes in the volume'],
} as const;
const containerLabels = ['namespace', 'pod', 'container'];

export class AgentMetrics {
  readonly registry = new Registry();
  readonly dns = new DnsMetrics(this.registry);
  readonly operations = new RuntimeOperations(this.registry);
  readonly #sources: MetricsSources;
  readonly #cpu = this.#counter('container_cpu_usage_seconds_total', 'CPU time used, in seconds');
  readonly #memory = this.#gauge('container_memory_working_set_bytes', 'Memory in use that cannot be reclaimed, in bytes');
  readonly #filesystem = this.#gauge('container_fs_usage_bytes', "Size of the container's writable layer, in bytes");
  readonly #volumes = Object.entries(volumeMetrics).map(([name, [field, help]]) => ({
    field,
    gauge: this.#gauge(`kubelet_volume_stats_${name}`, help, ['namespace', 'persistentvolumeclaim']),
  }));
  readonly #health = this.#gauge(
    'kubelet_volume_stats_health_status_abnormal',
    'Abnormal volume health status. The count is either 1 or 0. 1 indicates the volume is unhealthy, 0 indicates volume is healthy',
    ['namespace', 'persistentvolumeclaim'],
  );
  readonly #certificate = this.#gauge(...certificateTtl, []);
  readonly #connected = new Gauge({
    name: 'berth_agent_connected',
    help: '1 while there is a session with the control plane',
    registers: [this.registry],
  });

  readonly #runningPods = new Gauge({ name: 'kubelet_running_pods', help: 'Pods that run.', registers: [this.registry] });
  readonly #containers = new Gauge({
    name: 'kubelet_running_containers',
    help: 'Containers by their state.',
    labelNames: ['container_state'],
    registers: [this.registry],
  });

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    const name = new Gauge({ name: 'kubelet_node_name', help: 'The name of this node.', labelNames: ['node'], registers: [this.registry] });
    name.set({ node: sources.nodeName }, 1);
    // By default it wakes the process a hundred times a second, which was most of what an idle agent cost.
    collectProcessMetrics(this.registry);
  }

  /** In the text format of Prometheus. */
  async scrape(): Promise<string> {
    const [stats, volumes] = await Promise.all([this.#sources.stats(), this.#sources.volumes()]);
    for (const metric of [this.#cpu, this.#memory, this.#filesystem]) metric.reset();
    for (const { podUid, name, cpuUsageNanoseconds, memoryWorkingSetBytes, filesystemUsedBytes } of stats) {
      const pod = this.#sources.podName(podUid);
      if (!pod) continue;
      const labels = { namespace: pod.namespace, pod: pod.name, container: name };
      this.#cpu.inc(labels, cpuUsageNanoseconds / 1e9);
      this.#memory.set(labels, memoryWorkingSetBytes);
      this.#filesystem.set(labels, filesystemUsedBytes);
    }
    this.#countPods(this.#sources.pods());
    for (const { gauge, field } of this.#volumes) {
      gauge.reset();
      for (const { claim, ...volume } of volumes) {
        gauge.set({ namespace: claim.namespace, persistentvolumeclaim: claim.name }, volume[field]);
      }
    }
    this.#health.reset();
    for (const { claim, volumeHealthStats } of volumes)
      if (volumeHealthStats)
        this.#health.set({ namespace: claim.namespace, persistentvolumeclaim: claim.name }, volumeHealthStats.abnormal ? 1 : 0);
    const endsAtMs = this.#sources.certificateEndsAtMs() ?? Number.POSITIVE_INFINITY;
    this.#certificate.set(Math.round((endsAtMs - this.#sources.clock.now()) / 1000));
    this.#connected.set(this.#sources.isConnected() ? 1 : 0);
    const own = await this.registry.metrics();
    const ingress = await this.#sources.ingress();
    return ingress === '' ? own : `${own.trimEnd()}\n${ingress}`;
  }

  #countPods(pods: Pod[]): void {
    this.#runningPods.set(pods.filter(({ status }) => status?.phase === 'Running').length);
    const states = { running: 0, exited: 0, created: 0 };
    for (const { status } of pods) {
      for (const container of everyContainerStatus(status)) states[stateOf(container)]++;
    }
    for (const [state, count] of Object.entries(states)) this.#containers.set({ container_state: state }, count);
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, labelNames: containerLabels, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames = containerLabels): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}

function stateOf({ state }: ContainerStatus): 'running' | 'exited' | 'created' {
  if (state?.running) return 'running';
  return state?.terminated ? 'exited' : 'created';
}
