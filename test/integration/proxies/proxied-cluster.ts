// A control plane in this process and one node without containers, whose agent's own tunnels lead to servers of the test on the loopback:
// all of a proxy but the network.
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { EndpointSlice, Node, Pod, Service } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { TunnelBroker } from '@berth/gateway';
import type { TunnelRequest } from '@berth/protocol';
import { HollowRuntime } from '@berth/runtime';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { parse } from 'yaml';
import { TunnelServer } from '../../../apps/node-agent/src/tunnels/tunnel-server.ts';
import { KubectlCluster } from '../kubectl-cluster.ts';
import { linkedTunnels } from '../linked-tunnels.ts';

export const podIp = '10.0.0.1';
export const nodeIp = '192.0.2.1';

export interface ProxiedCluster {
  kubectl: KubectlCluster;
  /** Of the administrator. */
  tls: { ca: string; cert: string; key: string };
  /** What was dialled, `address:port`. */
  dialled: string[];
  /** Connections of the node that are open. */
  open: Set<object>;
  stop(): Promise<void>;
}

/** @param port on the loopback for what is dialled; default the same one */
export async function startProxiedCluster(port: (dialled: number) => number = (same) => same): Promise<ProxiedCluster> {
  const kubectl = await KubectlCluster.start();
  const dialled: string[] = [];
  const open = new Set<object>();
  const broker = new TunnelBroker(systemClock);
  const client = kubectl.controlPlane.api.localClient(componentUsers.apiServer);
  const server = new TunnelServer({
    runtime: new HollowRuntime({ clock: systemClock, random: seededRandom(1) }),
    logs: { open: () => Promise.reject(new Error('nobody asks for a log')) },
    nodeHttp: () => Promise.reject(new Error('nobody asks for the agent')),
    nodeIp,
    dial: (address, to) => {
      dialled.push(`${address}:${to}`);
      return new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port: port(to), allowHalfOpen: true });
        open.add(socket);
        socket.on('close', () => open.delete(socket));
        socket.on('error', reject);
        socket.once('connect', () => resolve(socket));
      });
    },
    containers: async (namespace, name) => {
      const pod = await client.get(Pod, { namespace, name });
      return { pod, instances: [], status: undefined, sandboxId: name === 'ended' ? undefined : 's', address: pod.status?.podIP };
    },
    refuse: (id, code, message) => broker.refused(id, 'node-1', code, message),
    logger: silentLogger,
  });
  let count = 0;
  kubectl.controlPlane.api.nodes.openBy({
    openTunnel: (nodeName, asked, signal) => {
      const request: TunnelRequest = { ...asked, tunnelId: String(count++) };
      return broker.open(request.tunnelId, nodeName, signal, () => {
        void server.serve(request, async () => {
          const [near, far] = linkedTunnels();
          broker.opened(request.tunnelId, nodeName, near);
          return far;
        });
      });
    },
  });
  await makeObjects(kubectl);
  return { kubectl, tls: await administrator(kubectl), dialled, open, stop: () => kubectl.stop() };
}

async function administrator({ controlPlane }: KubectlCluster): Promise<ProxiedCluster['tls']> {
  const config = parse(await readFile(controlPlane.kubeconfigPath, 'utf8'));
  const decoded = (text: string) => Buffer.from(text, 'base64').toString('utf8');
  const { user } = config.users[0];
  const ca = decoded(config.clusters[0].cluster['certificate-authority-data']);
  return { ca, cert: decoded(user['client-certificate-data']), key: decoded(user['client-key-data']) };
}

async function makeObjects({ controlPlane }: KubectlCluster): Promise<void> {
  const client = controlPlane.api.localClient(componentUsers.apiServer);
  const metadata = { namespace: 'default' };
  const v1 = { apiVersion: 'v1' };
  const node = await client.create(Node, { ...v1, kind: 'Node', metadata: { name: 'node-1' }, spec: {} });
  await client.updateStatus(Node, { ...node, status: { addresses: [{ type: 'InternalIP', address: nodeIp }] } });
  const pods = { web: podIp, local: '127.0.0.1', link: '169.254.169.254', ended: '10.0.0.3', nowhere: '' };
  for (const [name, ip] of Object.entries(pods)) {
    const containers = [{ name: 'main', image: 'registry.local/web:1', ports: [{ containerPort: 8080 }] }];
    const pod = await client.create(Pod, { ...v1, kind: 'Pod', metadata: { ...metadata, name }, spec: { nodeName: 'node-1', containers } });
    await client.updateStatus(Pod, { ...pod, status: { phase: 'Running', ...(ip && { podIP: ip, podIPs: [{ ip }] }) } });
  }
  const spec = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
  const endpoints: Record<string, [string, string | undefined][]> = {
    web: [[podIp, 'web']],
    idle: [],
    // Addresses that no pod has, which whoever may write slices may write.
    foreign: [
      ['10.9.9.9', undefined],
      ['10.9.9.9', 'web'],
      ['10.9.9.9', 'local'],
      ['10.0.0.2', 'gone'],
    ],
  };
  for (const [name, addresses] of Object.entries(endpoints)) {
    await client.create(Service, { ...v1, kind: 'Service', metadata: { ...metadata, name }, spec });
    if (addresses.length === 0) continue;
    await client.create(EndpointSlice, {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { ...metadata, name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: addresses.map(([address, pod]) => ({
        addresses: [address],
        conditions: { ready: true },
        ...(pod && { targetRef: { kind: 'Pod', name: pod, namespace: 'default' } }),
      })),
    });
  }
}
