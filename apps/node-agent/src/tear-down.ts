// Removes everything an agent has made on this machine except its volumes' data: pods, containerd, mounts, ingress proxy, network, cgroups.
// Works without the agent, also after it was killed; safe to repeat.

import { existsSync } from 'node:fs';
import { CriRuntime, unmountBelow } from '@berth/runtime';
import type { Ports } from '@berth/telemetry';
import type { AgentConfig } from './config.ts';
import { HaproxyIngress } from './ingress/haproxy-ingress.ts';
import { HostNetwork } from './network/host-network.ts';
import { removeCgroup } from './node/cgroups.ts';
import { givenContainerd } from './node/given-containerd.ts';
import { cgroupParent, containerdOf, ctrTarget, ingressOptions, logFolders, networkOptions } from './node-agent.ts';
import { KubeletFolder } from './volumes/csi/kubelet-folder.ts';
import { HostVolumes } from './volumes/host-volumes.ts';

/** @throws what could not be removed */
export async function tearDown(config: AgentConfig, ports: Ports): Promise<void> {
  const containerd = containerdOf(config, ports);
  if (existsSync(containerd.paths.root) && config.runtimeEndpoint === undefined) await containerd.stop({ removePods: true });
  const socket = config.runtimeEndpoint && ctrTarget(config, containerd).socket;
  if (socket) await removePods(socket);
  const { cniConfigDirectory } = socket ? await givenContainerd(socket) : containerd.paths;
  const volumes = new HostVolumes(config.dataDirectory);
  const logs = logFolders(config);
  for (const uid of await volumes.knownPods()) {
    await logs.removePod(uid);
    await volumes.cleanUp(uid);
  }
  // The drivers ended with their pods.
  const { plugins, pods } = new KubeletFolder(config.dataDirectory);
  for (const path of [plugins, pods]) await unmountBelow(path);
  await new HaproxyIngress(ingressOptions(config, ports, () => undefined)).tearDown();
  await new HostNetwork(networkOptions(config, { cniConfigDirectory }, ports)).tearDown();
  await removeCgroup(cgroupParent(config));
}

async function removePods(socket: string): Promise<void> {
  const runtime = new CriRuntime(socket);
  try {
    for (const { id } of await runtime.listSandboxes()) await runtime.removeSandbox(id);
  } finally {
    runtime.close();
  }
}
