// One node from start to stop on a real machine: containerd, network, volumes, the session with the control plane, and HTTP.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  Containerd,
  ContainerdImageFiles,
  CriRuntime,
  type CtrTarget,
  ctrOf,
  ociRuntimes,
  type Runtime,
  usualPrograms,
} from '@berth/runtime';
import { type Clock, logAcceptErrors, type Ports } from '@berth/telemetry';
import { openTracing } from '@berth/telemetry/tracing';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Agent, type AgentPorts } from './agent.ts';
import type { AgentSettings } from './agent-settings.ts';
import { appModule } from './app.module.ts';
import type { AgentConfig } from './config.ts';
import { HostMeasurements } from './eviction/node-measurements.ts';
import { reservedFromVolumes, reservedStorage } from './eviction/thresholds.ts';
import { InstalledRegistryHosts } from './images/installed-registry-hosts.ts';
import { nodeCredentials } from './images/node-registries.ts';
import { FilePullRecords } from './images/pull-records.ts';
import { writeHostsFiles } from './images/registry-hosts.ts';
import { HaproxyIngress, ingressDirectory } from './ingress/haproxy-ingress.ts';
import { AgentMetrics } from './metrics/agent-metrics.ts';
import { machineMetrics } from './metrics/machine-metrics.ts';
import { leasesDirectory } from './network/cni-config.ts';
import { HostNetwork } from './network/host-network.ts';
import { HostCgroupReader } from './node/cgroup-counters.ts';
import { containerdFolder, provideDataDirectory } from './node/data-directory.ts';
import { givenContainerd } from './node/given-containerd.ts';
import { hasAppArmor, hostFacts } from './node/host-facts.ts';
import { nodeEvent } from './node/node-event.ts';
import { hostHealth } from './node/node-health.ts';
import type { NodeFacts } from './node/node-object.ts';
import { HostPodCgroups } from './node/pod-cgroups.ts';
import { runcAdvisory } from './node/runc-advisory.ts';
import { hostCounters } from './node/usage-reporter.ts';
import { nodeCapabilities } from './pods/capabilities.ts';
import { LogFolders } from './pods/log-folders.ts';
import { PodTracing } from './pods/pod-tracing.ts';
import { FileRestartMarks } from './pods/restart-marks.ts';
import { provideSeccompProfiles } from './pods/seccomp-profiles.ts';
import { NetworkProbeRunner } from './probes/probe.ts';
import { GrpcAgentLink } from './session/grpc-agent-link.ts';
import { identityPaths } from './session/node-identity.ts';
import { delayShutdowns } from './shutdown/host-shutdown.ts';
import { CsiNode } from './volumes/csi/csi-node.ts';
import { fileSystemsHere } from './volumes/disks/local-disks.ts';
import { HostVolumes } from './volumes/host-volumes.ts';

const run = promisify(execFile);
const agentVersion = 'v1.35.0-berth';

export interface NodeAgent {
  /** The machine is about to be switched off: ends the pods, in order. */
  shutDown(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws when a part cannot start; then what started is stopped. */
export async function startNodeAgent(config: AgentConfig, ports: Ports): Promise<NodeAgent> {
  const cleanups: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
  };
  try {
    const resource = { 'host.name': config.nodeName };
    const tracing = config.tracing && (await openTracing(config.tracing, ports, { service: 'kubelet', resource }));
    if (tracing) cleanups.push(() => tracing.stop());
    const traced = { ...ports, tracer: tracing?.tracer };
    const { shutdown } = await start(config, traced, (cleanup) => cleanups.push(cleanup));
    return { stop, shutDown: () => shutdown.begin() };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(config: AgentConfig, ports: Ports, onStop: (cleanup: () => Promise<void> | void) => void): Promise<Agent> {
  await provideDataDirectory(config.dataDirectory);
  const containerd = containerdOf(config, ports);
  if (config.runtimeEndpoint === undefined) {
    await writeHostsFiles(containerd.paths.registryConfigDirectory, config.registries.file);
    await containerd.start();
    onStop(() => containerd.detach());
  }
  const target = ctrTarget(config, containerd);
  const given = config.runtimeEndpoint === undefined ? undefined : await givenContainerd(target.socket);
  const cri = new CriRuntime(target.socket);
  onStop(() => cri.close());
  const reserved = (diskBytes: number) => reservedFromVolumes(config.eviction, diskBytes);
  const csi = new CsiNode({ ...ports, dataDirectory: config.dataDirectory, nodeName: config.nodeName });
  const volumes = new HostVolumes(config.dataDirectory, new ContainerdImageFiles(target), reserved, csi);
  await volumes.start();
  const advisory = await advisoryOf(config);
  const measurements = new HostMeasurements({
    data: config.dataDirectory,
    images: given?.rootDirectory ?? containerd.paths.root,
    cgroupParent: cgroupParent(config),
    pod: (uid) => volumes.podDirectory(uid),
    podLogs: (pod) => agent.pods.podLogDirectory(pod),
  });
  const link = new GrpcAgentLink({ ...ports, ...config, ...(config.joinToken !== undefined && { joinToken: config.joinToken }) });
  const event = (reason: string, message: string) => link.reportEvent(nodeEvent(config, reason, message, ports.clock));
  const ingress = new HaproxyIngress(ingressOptions(config, ports, event));
  const metrics = agentMetrics({ config, runtime: cri, ingress, volumes, link, agent: () => agent, clock: ports.clock });
  const tracing = new PodTracing(ports.tracer);
  const runtime = tracing.traced(metrics.operations.counted(cri, ports.clock));
  const agent: Agent = new Agent(
    {
      ...{ ...ports, link, runtime, volumes, csi, ingress, tracing, ...registryHosts(config, containerd) },
      network: new HostNetwork({ ...networkOptions(config, given ?? containerd.paths, ports), dnsObserver: metrics.dns }),
      probes: new NetworkProbeRunner(runtime),
      hostCounters,
      cgroups: new HostPodCgroups(),
      cgroupReader: new HostCgroupReader(),
      machineMetrics: () => machineMetrics(ports.clock.now()),
      restartMarks: new FileRestartMarks((uid) => volumes.podDirectory(uid)),
      pullRecords: new FilePullRecords(join(config.dataDirectory, 'image_manager')),
      nodeCredentials: nodeCredentials(config.registries, ports),
      metrics: () => metrics.scrape(),
      measurements,
      health: () => hostHealth(runtime, config.dataDirectory, advisory),
    },
    await agentSettings(config, runtime),
  );
  await agent.start();
  onStop(() => agent.stop());
  const stopDelaying = await delayShutdowns(config.shutdown, agent.shutdown, ports);
  if (stopDelaying) onStop(stopDelaying);
  const app = await serve(config, runtime, metrics);
  logAcceptErrors(app.getHttpServer(), ports);
  onStop(() => app.close());
  ports.logger.info('the node is up', { node: config.nodeName, metrics: config.metricsAddress });
  return agent;
}

async function agentSettings(config: AgentConfig, runtime: Runtime): Promise<AgentSettings> {
  const { allowedUnsafeSysctls, eviction, images, shutdown, podManifests } = config;
  const seccompDirectory = join(config.dataDirectory, 'seccomp');
  await provideSeccompProfiles(seccompDirectory);
  return {
    ...{ allowedUnsafeSysctls, eviction, images, shutdown, podManifests },
    facts: await nodeFacts(config, runtime),
    logs: logFolders(config),
    seccompDirectory,
    cgroupParent: cgroupParent(config),
    capabilities: nodeCapabilities(),
    hasAppArmor: hasAppArmor(),
    writesFiles: true,
  };
}

/** None for a containerd that is given: its settings are somebody else's. */
function registryHosts({ runtimeEndpoint, dataDirectory }: AgentConfig, { paths }: Containerd): Pick<AgentPorts, 'registryHosts'> {
  if (runtimeEndpoint !== undefined) return {};
  const identity = identityPaths(dataDirectory);
  return { registryHosts: new InstalledRegistryHosts({ directory: paths.registryConfigDirectory, identity }) };
}

/** Its own containerd, or the one that it is given. */
export function ctrTarget({ runtimeEndpoint }: Pick<AgentConfig, 'runtimeEndpoint'>, own: Containerd): CtrTarget {
  if (runtimeEndpoint === undefined) return own.ctrTarget;
  return { socket: runtimeEndpoint.replace(/^unix:\/\//, ''), program: ctrOf(usualPrograms) };
}

export function containerdOf({ dataDirectory, programs }: Pick<AgentConfig, 'dataDirectory' | 'programs'>, ports: Ports): Containerd {
  return new Containerd({
    ...{ ...ports, programs },
    directory: join(dataDirectory, containerdFolder),
    leasesDirectory: leasesDirectory(join(dataDirectory, 'network')),
  });
}

export function logFolders({ dataDirectory, logDirectory }: Pick<AgentConfig, 'dataDirectory' | 'logDirectory'>): LogFolders {
  const own = join(dataDirectory, 'logs');
  return new LogFolders(logDirectory ?? own, (logDirectory ?? own) === own);
}

export function cgroupParent({ instance }: Pick<AgentConfig, 'instance'>): string {
  return `/berth-${instance}`;
}

export function networkOptions(
  config: Pick<AgentConfig, 'dataDirectory' | 'instance' | 'nodeName' | 'nodeIp' | 'podNetwork'>,
  { cniConfigDirectory }: { cniConfigDirectory: string },
  ports: Ports,
) {
  return {
    ...ports,
    instance: config.instance,
    nodeName: config.nodeName,
    nodeIp: config.nodeIp,
    podNetwork: config.podNetwork,
    cniConfigDirectory,
    stateDirectory: join(config.dataDirectory, 'network'),
  };
}

export function ingressOptions(
  { dataDirectory, ingressPorts }: Pick<AgentConfig, 'dataDirectory' | 'ingressPorts'>,
  { clock, logger }: Ports,
  event: (reason: string, message: string) => void,
) {
  return { clock, logger, event, directory: ingressDirectory(dataDirectory), ports: ingressPorts };
}

/** Of runc, where it is here for whoever runs containers. */
async function advisoryOf({ programs }: AgentConfig): Promise<string | undefined> {
  const runc = ociRuntimes(programs).find(({ name }) => name === 'runc');
  return runc && runcAdvisory((await run(runc.path, ['--version'])).stdout);
}

async function nodeFacts(config: AgentConfig, runtime: Runtime): Promise<NodeFacts> {
  const { name, version } = await runtime.version();
  const host = hostFacts(config.dataDirectory);
  return {
    host,
    reservedStorageBytes: reservedStorage(config.eviction, host.diskBytes),
    nodeName: config.nodeName,
    nodeIp: config.nodeIp,
    labels: config.labels,
    taints: config.taints,
    podsMax: config.podsMax,
    reserved: config.reserved,
    ingressPorts: config.ingressPorts,
    volumesDirectory: join(config.dataDirectory, 'volumes'),
    volumeFileSystems: fileSystemsHere(),
    runtimeVersion: `${name}://${version}`,
    agentVersion,
  };
}

interface MetricsParts {
  config: AgentConfig;
  runtime: Runtime;
  ingress: HaproxyIngress;
  volumes: HostVolumes;
  agent: () => Agent;
  link: Pick<GrpcAgentLink, 'certificateEndsAtMs'>;
  clock: Clock;
}

function agentMetrics({ config, runtime, ingress, volumes, link, agent, clock }: MetricsParts): AgentMetrics {
  return new AgentMetrics({
    clock,
    certificateEndsAtMs: () => link.certificateEndsAtMs,
    nodeName: config.nodeName,
    pods: () => agent().pods.pods(),
    stats: () => runtime.stats(),
    ingress: () => ingress.metrics(),
    volumes: async () =>
      (
        await Promise.all(
          agent()
            .pods.pods()
            .map((pod) => volumes.usage(pod)),
        )
      ).flat(),
    isConnected: () => agent().isConnected,
    podName: (uid) => agent().pods.podName(uid),
  });
}

async function serve(config: AgentConfig, runtime: Runtime, metrics: AgentMetrics): Promise<NestFastifyApplication> {
  const health = async () => (await runtime.health()).runtime;
  const app = await NestFactory.create<NestFastifyApplication>(appModule(metrics, health), new FastifyAdapter(), { logger: false });
  await app.listen(config.metricsAddress.port, config.metricsAddress.host);
  return app;
}
