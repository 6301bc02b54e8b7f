// Where a proxied request goes: a pod's port at the pod's address, for a service that of a ready endpoint which is a pod, for a node a
// port of its own. The node dials, and looks again at the address.
import { EndpointSlice, Node, Pod, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, StatusError } from '@berth/machinery';
import { isProxyableAddress } from '@berth/protocol';
import type { Random } from '@berth/telemetry';
import { nodeConnection, type PodTunnelRequest, podProxyConnection } from '../../core/pod-connection.ts';
import type { ProxyPath } from './proxy-path.ts';

export interface ProxyTarget {
  nodeName: string;
  tunnel: PodTunnelRequest;
  /** As links of the far side name it. */
  host: string;
  /** Whether it speaks TLS. */
  secure: boolean;
}

export interface ProxyTargets {
  client: Client;
  random: Random;
}

/** @throws StatusError for what is not there, or may not be dialled */
export async function proxyTarget(targets: ProxyTargets, resource: string, namespace: string, place: ProxyPath): Promise<ProxyTarget> {
  if (resource === 'nodes') return nodeTarget(await targets.client.get(Node, { name: place.name }), place);
  if (resource === 'services') return serviceTarget(targets, namespace, place);
  const pod = await targets.client.get(Pod, { namespace, name: place.name });
  return podTarget(pod, podPort(pod, place), place);
}

function podTarget(pod: Pod, port: number, { scheme }: ProxyPath): ProxyTarget {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const address = addressesOf(pod)[0] ?? '';
  if (!isProxyableAddress(address)) throw StatusError.badRequest('address not allowed');
  const { nodeName } = pod.spec;
  if (!nodeName) throw StatusError.badRequest(`pod ${name} does not have a host assigned`);
  return {
    nodeName,
    tunnel: podProxyConnection({ namespace, pod: name, uid, port }),
    host: `${address}:${port}`,
    secure: scheme === 'https',
  };
}

function addressesOf({ status }: Pod): string[] {
  return status?.podIPs?.flatMap(({ ip }) => ip ?? []) ?? [];
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

const serviceNameLabel = 'kubernetes.io/service-name';

/** @throws StatusError ServiceUnavailable in Kubernetes' words when nobody is ready */
async function serviceTarget({ client, random }: ProxyTargets, namespace: string, place: ProxyPath): Promise<ProxyTarget> {
  const { name, port } = place;
  const service = await client.get(Service, { namespace, name });
  const ports = service.spec?.ports ?? [];
  const wanted =
    port === undefined && ports.length === 1 ? ports[0] : ports.find((item) => item.name === port || String(item.port) === port);
  if (!wanted && port !== undefined && /^\d+$/.test(port)) throw unreachable(`no service port ${port} found for service "${name}"`);
  const { items } = await client.list(EndpointSlice, { namespace, labelSelector: `${serviceNameLabel}=${name}` });
  const ready = wanted ? items.flatMap((slice) => readyEndpoints(slice, wanted.name ?? '')) : [];
  while (ready.length > 0) {
    const [chosen] = ready.splice(random.int(ready.length), 1);
    const pod = chosen && (await podOf(client, namespace, chosen));
    if (pod) return podTarget(pod, chosen.port, place);
  }
  throw unreachable(`no endpoints available for service "${port === undefined ? name : `${name}:${port}`}"`);
}

interface ReadyEndpoint {
  pod: string;
  addresses: string[];
  port: number;
}

function readyEndpoints(slice: EndpointSlice, portName: string): ReadyEndpoint[] {
  const port = slice.ports?.find((item) => (item.name ?? '') === portName)?.port;
  if (port === undefined || port === null) return [];
  return (slice.endpoints ?? []).flatMap(({ addresses, conditions, targetRef }) =>
    conditions?.ready !== false && targetRef?.kind === 'Pod' && targetRef.name ? [{ pod: targetRef.name, addresses, port }] : [],
  );
}

/** Whoever writes an endpoint may write any address into it: only one that its pod has counts. */
async function podOf(client: Client, namespace: string, { pod: name, addresses }: ReadyEndpoint): Promise<Pod | undefined> {
  try {
    const pod = await client.get(Pod, { namespace, name });
    return addressesOf(pod).some((address) => addresses.includes(address)) ? pod : undefined;
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Without a time to come back at: clients show it instead of asking again. */
export function unreachable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message);
}
