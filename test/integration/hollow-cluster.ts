// A control plane with hollow nodes in this process, and the real kubectl against it: real agents over simulated containers, so
// that pods are placed, run, end and are stopped as their images' names say (libs/runtime/src/hollow/behaviour.ts).

import { componentUsers } from '@berth/apiserver/core';
import { InformerSet } from '@berth/client';
import { AgentGateway } from '@berth/gateway';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { openTracing, type TracingConfig } from '@berth/telemetry/tracing';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';
import { HollowNode } from '../sim/hollow-node.ts';
import { KubectlCluster } from './kubectl-cluster.ts';

export interface HollowCluster {
  kubectl: KubectlCluster;
  stop(): Promise<void>;
}

/** @param tracing of control plane and agents; none by default */
export async function startHollowCluster(nodeNames: string[], tracing?: TracingConfig): Promise<HollowCluster> {
  const kubectl = await KubectlCluster.start(['api', 'controllers', 'scheduler'], tracing ? { tracing } : {});
  const own = { clock: systemClock, random: seededRandom(2), logger: silentLogger };
  const traces = tracing && (await openTracing(tracing, own, { service: 'kubelet', resource: {} }));
  const ports = { ...own, tracer: traces?.tracer };
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
      await traces?.stop();
      informers.stop();
      await kubectl.stop();
    },
  };
}
