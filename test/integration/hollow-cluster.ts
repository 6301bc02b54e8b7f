// A control plane with hollow nodes in this process, and the real kubectl against it: real agents over simulated containers, so
// that pods are placed, run, end and are stopped as their images' names say (libs/runtime/src/hollow/behaviour.ts).

import { componentUsers } from '@berth/apiserver/core';
import { InformerSet } from '@berth/client';
import { AgentGateway } from '@berth/gateway';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';
import { HollowNode } from '../sim/hollow-node.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

export interface HollowCluster {
  kubectl: KubectlCluster;
  stop(): Promise<void>;
}

export async function startHollowCluster(nodeNames: string[]): Promise<HollowCluster> {
  const kubectl = await KubectlCluster.start(['api', 'controllers', 'scheduler']);
  const ports = { clock: systemClock, random: seededRandom(2), logger: silentLogger };
  const client = kubectl.controlPlane.api.localClient(componentUsers.gateway);
  const informers = new InformerSet({ ...ports, client });
  const config = { ...defaultConfig, dataDirectory: kubectl.directory, store: { driver: 'memory' as const } };
  const gateway = new AgentGateway({ ...ports, config, client, informers });
  kubectl.controlPlane.api.nodes.openBy(gateway.hub);
  await gateway.start();
  const nodes = nodeNames.map((name) => new HollowNode(name, ports, () => gateway.hub));
  await Promise.all(nodes.map((node) => node.startAgent()));
  return {
    kubectl,
    async stop() {
      for (const node of nodes) node.crashAgent();
      await gateway.stop();
      informers.stop();
      await kubectl.stop();
    },
  };
}
