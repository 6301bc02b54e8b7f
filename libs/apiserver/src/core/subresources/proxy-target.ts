// Where a proxied request goes: a pod's port at the pod's address, for a service that of a ready endpoint which is a pod, for a node a
// port of its own. The node dials, and looks again at the address.
import { Node, Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { nodeConnection } from '../pod-connection.ts';
import { type Lookup, type PodDestination, podDestination, readyPod } from '../webhooks/index.ts';

/** What a proxy's name says. */
export interface ProxiedName {
  /** Undefined stands for http. */
  scheme: string | undefined;
  name: string;
  /** A number, or a port's name. */
  port: string | undefined;
}

/** `name`, `name:port` or `scheme:name:port`; an empty scheme or port is none. Undefined for a name that is none of these. */
export function proxiedName(text: string): ProxiedName | undefined {
  const parts = text.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : [undefined, ...parts];
  if (!name || parts.length > 3 || (scheme && scheme !== 'http' && scheme !== 'https')) return undefined;
  return { scheme: scheme || undefined, name, port: port || undefined };
}

/** Its host is as links of the far side name it. */
export interface ProxyTarget extends PodDestination {
  /** Whether it speaks TLS. */
  secure: boolean;
}

/** @throws StatusError for what is not there, or may not be dialled */
export async function proxyTarget(targets: Lookup, resource: string, namespace: string, named: ProxiedName): Promise<ProxyTarget> {
  if (resource === 'nodes') return nodeTarget(await targets.client.get(Node, { name: named.name }), named);
  if (resource === 'services') return serviceTarget(targets, namespace, named);
  const pod = await targets.client.get(Pod, { namespace, name: named.name });
  return podTarget(pod, podPort(pod, named), named);
}

function podTarget(pod: Pod, port: number, { scheme }: ProxiedName): ProxyTarget {
  return { ...podDestination(pod, port), secure: scheme === 'https' };
}

/** The port asked for, or the first that a container names, or the scheme's. @throws StatusError BadRequest */
function podPort(pod: Pod, { port, name, scheme }: ProxiedName): number {
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
function nodeTarget({ metadata, status }: Node, { port, name, scheme }: ProxiedName): ProxyTarget {
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
async function serviceTarget(targets: Lookup, namespace: string, named: ProxiedName): Promise<ProxyTarget> {
  const { pod, port } = await readyPod(targets, { namespace, name: named.name, port: named.port });
  return podTarget(pod, port, named);
}
