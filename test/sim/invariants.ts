// What must hold once faults are over and the cluster has had time: everything that was asked for runs, once, and nothing else.
import { ConfigMap, Deployment, EndpointSlice, Pod, ReplicaSet, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { parseQuantity } from '@berth/machinery';
import type { Chaos } from './chaos.ts';
import { cgroupParent } from './hollow-node.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** What does not hold yet; empty when all does. */
export async function violations(cluster: SimulatedCluster, client: Client, chaos: Chaos): Promise<string[]> {
  const [deployments, replicaSets, pods, slices, services, configMaps] = await Promise.all([
    client.list(Deployment),
    client.list(ReplicaSet),
    client.list(Pod),
    client.list(EndpointSlice),
    client.list(Service),
    client.list(ConfigMap),
  ]);
  const names = new Set(configMaps.items.map(({ metadata }) => metadata.name));
  return [
    ...deployments.items.flatMap(deploymentProblem),
    ...pods.items.flatMap((pod) => podProblem(pod, replicaSets.items, chaos)),
    ...countProblem(deployments.items, pods.items),
    ...services.items.flatMap((service) => endpointsProblem(service, slices.items, pods.items)),
    ...(await runtimeProblems(cluster, pods.items)),
    ...chaos.acknowledged.filter((name) => !names.has(name)).map((name) => `config map ${name} was acknowledged and is gone`),
  ];
}

function deploymentProblem({ metadata, spec, status = {} }: Deployment): string[] {
  const wanted = spec.replicas ?? 1;
  const { readyReplicas = 0, updatedReplicas = 0, replicas = 0, observedGeneration } = status;
  const isDone =
    readyReplicas === wanted && updatedReplicas === wanted && replicas === wanted && observedGeneration === metadata.generation;
  return isDone ? [] : [`deployment ${metadata.name} wants ${wanted}, has ${replicas}, updated ${updatedReplicas}, ready ${readyReplicas}`];
}

function podProblem({ metadata, spec, status }: Pod, replicaSets: ReplicaSet[], chaos: Chaos): string[] {
  const { name, deletionTimestamp, ownerReferences = [] } = metadata;
  if (deletionTimestamp) return [`pod ${name} is still ending`];
  if (!replicaSets.some((set) => ownerReferences.some(({ uid }) => uid === set.metadata.uid))) return [`pod ${name} has no owner`];
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  if (!isReady) return [`pod ${name} is not ready`];
  const [asked, actual] = [spec.containers[0]?.resources?.requests?.cpu, status?.containerStatuses?.[0]?.resources?.requests?.cpu];
  const isResizing = status?.conditions?.some(({ type }) => type.startsWith('PodResize'));
  if (asked !== actual || isResizing) return [`pod ${name} asks for ${asked} and has ${actual}`];
  const restarts = status?.containerStatuses?.[0]?.restartCount ?? 0;
  const crashes = chaos.crashed.get(name) ?? 0;
  return restarts > crashes ? [`pod ${name} restarted ${restarts} times and was crashed ${crashes} times`] : [];
}

function countProblem(deployments: Deployment[], pods: Pod[]): string[] {
  const wanted = deployments.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
  return pods.length === wanted ? [] : [`${wanted} pods are wanted, ${pods.length} are there`];
}

function endpointsProblem({ metadata, spec }: Service, slices: EndpointSlice[], pods: Pod[]): string[] {
  if (!spec.selector) return [];
  const own = slices.filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name);
  const served = own.flatMap((slice) => slice.endpoints ?? []).flatMap(({ addresses, conditions }) => (conditions?.ready ? addresses : []));
  const selected = pods.filter((pod) => Object.entries(spec.selector ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value));
  const ready = selected.map(({ status }) => status?.podIP ?? '');
  return served.sort().join() === ready.sort().join()
    ? []
    : [`service ${metadata.name} serves ${served.join()}; ready are ${ready.join()}`];
}

/** A core is 1024 shares. */
function shares({ containers }: Pod['spec']): number {
  return Math.floor(parseQuantity(containers[0]?.resources?.requests?.cpu ?? '0').toNumber() * 1024);
}

/** Each pod runs on its node, once, as large as it is to be in a cgroup as large, and nothing runs that is no pod's. */
async function runtimeProblems(cluster: SimulatedCluster, pods: Pod[]): Promise<string[]> {
  const running: string[] = [];
  for (const node of cluster.nodes) {
    const containers = (await node.runtime.listContainers()).filter(({ state }) => state === 'running');
    for (const { id, labels } of containers) {
      const uid = labels['io.kubernetes.pod.uid'];
      const pod = node.cgroups.of(`${cgroupParent}/pod${uid}`);
      running.push(`${node.name}/${uid}/${node.runtime.resourcesOf(id)?.cpuShares}/${pod?.cpuShares}`);
    }
  }
  const wanted = pods.map(({ metadata, spec }) => `${spec.nodeName}/${metadata.uid}/${shares(spec)}/${shares(spec)}`);
  const [have, want] = [running.sort().join('\n'), wanted.sort().join('\n')];
  return have === want ? [] : [`running containers differ from pods: ${running.length} run, ${wanted.length} are wanted`];
}
