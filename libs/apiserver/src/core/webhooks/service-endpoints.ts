// Who answers for a service: its ready endpoints, and the pods behind them. Whoever writes an endpoint may write any address into it, so
// that of a pod counts only while its pod has it.
import { EndpointSlice, Pod, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, StatusError } from '@berth/machinery';
import { isProxyableAddress } from '@berth/protocol';
import type { Random } from '@berth/telemetry';
import { type PodTunnelRequest, podProxyConnection } from '../pod-connection.ts';

const serviceNameLabel = 'kubernetes.io/service-name';

export interface Lookup {
  client: Client;
  random: Random;
}

export interface ReadyEndpoint {
  address: string;
  port: number;
  /** Absent for what is no pod: a host outside of the cluster. */
  pod?: Pod;
}

export interface PodDestination {
  nodeName: string;
  tunnel: PodTunnelRequest;
  /** `address:port`. */
  host: string;
}

export interface ServicePort {
  namespace: string;
  name: string;
  /** A number, or a port's name; absent for a service's only one. */
  port: string | undefined;
}

/** A ready endpoint, chosen at random. @throws StatusError NotFound, and ServiceUnavailable in Kubernetes' words when nobody is ready */
export async function readyEndpoint(lookup: Lookup, wanted: ServicePort): Promise<ReadyEndpoint> {
  for await (const endpoint of readyEndpoints(lookup, wanted)) return endpoint;
  throw unreachable(`no endpoints available for service "${wanted.name}"`);
}

/** One that is a pod. */
export async function readyPod(lookup: Lookup, wanted: ServicePort): Promise<{ pod: Pod; port: number }> {
  for await (const { pod, port } of readyEndpoints(lookup, wanted)) if (pod) return { pod, port };
  const { name, port } = wanted;
  throw unreachable(`no endpoints available for service "${port === undefined ? name : `${name}:${port}`}"`);
}

async function* readyEndpoints({ client, random }: Lookup, { namespace, name, port }: ServicePort): AsyncGenerator<ReadyEndpoint> {
  const service = await client.get(Service, { namespace, name });
  const { type, externalName, ports = [] } = service.spec ?? {};
  if (type === 'ExternalName' && externalName) yield { address: externalName, port: Number(port) };
  const found =
    port === undefined && ports.length === 1 ? ports[0] : ports.find((item) => item.name === port || String(item.port) === port);
  if (!found && port !== undefined && /^\d+$/.test(port)) throw unreachable(`no service port ${port} found for service "${name}"`);
  if (!found) return;
  const { items } = await client.list(EndpointSlice, { namespace, labelSelector: `${serviceNameLabel}=${name}` });
  const ready = items.flatMap((slice) => readyIn(slice, found.name ?? ''));
  while (ready.length > 0) {
    const [candidate] = ready.splice(random.int(ready.length), 1);
    const endpoint = candidate && (await existing(client, namespace, candidate));
    if (endpoint) yield endpoint;
  }
}

interface Candidate {
  podName: string | undefined;
  addresses: string[];
  port: number;
}

function readyIn(slice: EndpointSlice, portName: string): Candidate[] {
  const port = slice.ports?.find((item) => (item.name ?? '') === portName)?.port;
  if (port === undefined || port === null) return [];
  return (slice.endpoints ?? []).flatMap(({ addresses, conditions, targetRef }) =>
    conditions?.ready !== false ? [{ podName: targetRef?.kind === 'Pod' ? targetRef.name : undefined, addresses, port }] : [],
  );
}

async function existing(client: Client, namespace: string, { podName, addresses, port }: Candidate): Promise<ReadyEndpoint | undefined> {
  const [address] = addresses;
  if (!podName) return address === undefined ? undefined : { address, port };
  try {
    const pod = await client.get(Pod, { namespace, name: podName });
    const own = addressesOf(pod).find((candidate) => addresses.includes(candidate));
    return own === undefined ? undefined : { address: own, port, pod };
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function addressesOf({ status }: Pod): string[] {
  return status?.podIPs?.flatMap(({ ip }) => ip ?? []) ?? [];
}

/** The tunnel to a port of a pod. @throws StatusError BadRequest for what may not be dialled */
export function podDestination(pod: Pod, port: number): PodDestination {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const address = addressesOf(pod)[0] ?? '';
  if (!isProxyableAddress(address)) throw StatusError.badRequest('address not allowed');
  const { nodeName } = pod.spec;
  if (!nodeName) throw StatusError.badRequest(`pod ${name} does not have a host assigned`);
  return { nodeName, tunnel: podProxyConnection({ namespace, pod: name, uid, port }), host: `${address}:${port}` };
}

/** Without a time to come back at: clients show it instead of asking again. */
export function unreachable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message);
}
