// Where a proxied request goes: a pod's port at the pod's address, for a service that of a ready endpoint which is a pod, for a node a
// port of its own. The node dials, and looks again at the address.
import { Node, Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { nodeConnection } from '../../core/pod-connection.ts';
import { type Lookup, type PodDestination, podDestination, readyPod } from '../../core/webhooks/index.ts';
import type { ProxyPath } from './proxy-path.ts';

/** Its host is as links of the far side name it. */
export interface ProxyTarget extends PodDestination {
  /** Whether it speaks TLS. */
  secure: boolean;
}

/** @throws StatusError for what is not there, or may not be dialled */
export async function proxyTarget(targets: Lookup, resource: string, namespace: string, place: ProxyPath): Promise<ProxyTarget> {
  if (resource === 'nodes') return nodeTarget(await targets.client.get(Node, { name: place.name }), place);
  if (resource === 'services') return serviceTarget(targets, namespace, place);
  const pod = await targets.client.get(Pod, { namespace, name: place.name });
  return podTarget(pod, podPort(pod, place), place);
}

function podTarget(pod: Pod, port: number, { scheme }: ProxyPath): ProxyTarget {
  return { ...podDestination(pod, port), secure: scheme === 'https' };
}

/** The port asked for, or the first that a container names, or the scheme's. @throws StatusError BadRequest */
function podPort(pod: Pod, { port, name, scheme }: ProxyPath): number {
  const first = pod.spec.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const number = port === undefined ? (first ?? (scheme === 'https' ? 443 : 80)) : Number(port);
  if (!isPort(number)) {
    throw StatusError.badRequest(`invalid pod request ${JSON.stringify(`${name}:${port}`)}: a pod's port is a number`);
  }
  return number;
}

function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}

/** Where kubelets listen; agents answer for it without. */
const kubeletPort = 10_250;

/** @throws StatusError BadRequest */
function nodeTarget({ metadata, status }: Node, { port, name, scheme }: ProxyPath): ProxyTarget {
  const number = port === undefined ? kubeletPort : Number(port);
  if (!isPort(number)) {
    throw StatusError.badRequest(`invalid node request ${JSON.stringify(`${name}:${port}`)}: a node's port is a number`);
  }
  const isAgent = number === kubeletPort;
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? metadata.name;
  // The way to an agent is encrypted already, whichever scheme is asked for.
  return {
    nodeName: metadata.name,
    tunnel: nodeConnection(isAgent ? 0 : number),
    host: `${address}:${number}`,
    secure: scheme === 'https' && !isAgent,
  };
}

/** @throws StatusError ServiceUnavailable in Kubernetes' words when no pod is ready */
async function serviceTarget(targets: Lookup, namespace: string, place: ProxyPath): Promise<ProxyTarget> {
  const { pod, port } = await readyPod(targets, { namespace, name: place.name, port: place.port });
  return podTarget(pod, port, place);
}
