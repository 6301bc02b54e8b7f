// What can happen to a machine, and what its administrators do about it, at times that the seed decides: cut off, halted, both, back
// again, declared out of service, its Node deleted, agent and control plane killed meanwhile. Of a machine that runs nobody says that
// it is out of service or gone: whoever does that accepts that its pods run twice, here as in Kubernetes.
import { Node, type PersistentVolume, type StatefulSet } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import type { HollowNode } from './hollow-node.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

const outOfService = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
const requestMsMax = 30_000;

export type Loss = 'cut off' | 'halted' | 'halted while cut off' | 'out of service' | 'deleted' | 'agent killed' | 'control plane killed';
const losses: Loss[] = ['cut off', 'halted', 'halted while cut off', 'out of service', 'deleted', 'agent killed', 'control plane killed'];

export class LostNodes {
  readonly happened = new Map<Loss, number>();
  readonly #cluster: SimulatedCluster;
  /** Machines to which something is happening. */
  readonly #busy = new Set<HollowNode>();

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  /** One try: something happens to one machine, and ends. Resolves when it is well again. */
  async lose(): Promise<void> {
    const { chance, nodes } = this.#cluster;
    const free = nodes.filter((node) => !this.#busy.has(node));
    const node = free[chance.int(Math.max(1, free.length))];
    const loss = losses[chance.int(losses.length)];
    if (!node || !loss) return;
    this.#busy.add(node);
    this.happened.set(loss, (this.happened.get(loss) ?? 0) + 1);
    this.#cluster.trace.add(`${node.name}: ${loss}`);
    await this.#happen(node, loss);
    this.#busy.delete(node);
  }

  async #happen(node: HollowNode, loss: Loss): Promise<void> {
    switch (loss) {
      case 'cut off':
        node.partition(true);
        await this.#pause(150_000);
        return node.partition(false);
      case 'halted':
        node.halt();
        await this.#pause(120_000);
        return node.startAgent();
      case 'halted while cut off':
        node.partition(true);
        await this.#pause(90_000);
        node.halt();
        await this.#pause(30_000);
        // It comes up without a way to the control plane.
        await node.startAgent();
        await this.#pause(90_000);
        return node.partition(false);
      case 'out of service':
        node.halt();
        await this.#pause(90_000);
        await this.#declareOutOfService(node);
        await this.#pause(60_000);
        await node.startAgent();
        await this.#pause(5_000);
        return this.#declareInService(node);
      case 'deleted':
        node.halt();
        await this.#pause(90_000);
        await this.#insist((client) => client.delete(Node, { name: node.name }).then(() => undefined));
        await this.#pause(90_000);
        return node.startAgent();
      case 'agent killed':
        node.crashAgent();
        await this.#pause(60_000);
        return node.startAgent();
      case 'control plane killed':
        this.#cluster.crashControlPlane();
        await this.#pause(90_000);
        return this.#cluster.startControlPlane();
    }
  }

  #declareOutOfService({ name }: HollowNode): Promise<void> {
    return this.#insist(async (client) => {
      const { spec, metadata } = await client.get(Node, { name });
      const { resourceVersion } = metadata;
      await client.patch(Node, { name }, 'merge', {
        metadata: { resourceVersion },
        spec: { taints: [...(spec.taints ?? []), outOfService] },
      });
    });
  }

  #declareInService({ name }: HollowNode): Promise<void> {
    return this.#insist(async (client) => {
      const { spec, metadata } = await client.get(Node, { name });
      const { resourceVersion } = metadata;
      const taints = (spec.taints ?? []).filter(({ key }) => key !== outOfService.key);
      await client.patch(Node, { name }, 'merge', { metadata: { resourceVersion }, spec: { taints } });
    });
  }

  #pause(msMax: number): Promise<void> {
    return this.#cluster.clock.sleep(this.#cluster.chance.int(msMax));
  }

  /** A person who does not give up. What is not there any more is as wanted. */
  async #insist(request: (client: Client) => Promise<void>): Promise<void> {
    for (;;) {
      const client = this.#cluster.client();
      const answer =
        client &&
        request(client).then(
          () => true,
          (error: unknown) => isReason(error, 'NotFound'),
        );
      const isDone = answer && (await Promise.race([answer, this.#cluster.clock.sleep(requestMsMax).then(() => false)]));
      if (isDone) return;
      await this.#cluster.clock.sleep(1_000);
    }
  }
}

/** A volume that every node reaches, for the claim of one pod. */
export function sharedVolume(name: string): PersistentVolume {
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } },
    spec: {
      ...{
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 'shared',
      },
      nfs: { server: '192.0.2.9', path: `/${name}` },
    },
  };
}

/** @param graceSeconds at least 1: with 0, a pod is deleted before its node knows, here as in Kubernetes */
export function writingSet(name: string, replicas: number, graceSeconds: number): StatefulSet {
  const labels = { app: name };
  const tolerations = ['not-ready', 'unreachable'].map((what) => ({
    ...{ key: `node.kubernetes.io/${what}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
  }));
  const containers = [{ name: 'main', image: 'db:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }];
  return {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, namespace: 'default' } },
    spec: {
      ...{ serviceName: name, replicas, selector: { matchLabels: labels }, podManagementPolicy: 'Parallel' },
      template: { metadata: { labels }, spec: { containers, tolerations, terminationGracePeriodSeconds: graceSeconds } },
      volumeClaimTemplates: [
        {
          ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } },
          spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'shared', resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  };
}
