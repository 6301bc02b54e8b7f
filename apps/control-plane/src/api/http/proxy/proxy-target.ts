// Where a proxied request goes: a pod's port through its node's tunnel, for a service that of a ready endpoint, for a node a port of its
// own.
import { EndpointSlice, type Pod, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { StatusError } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import type { ProxyPath } from './proxy-path.ts';

export interface ProxyTarget {
  pod: string;
  port: number;
}

/** The port asked for, or the first that a container names. @throws StatusError BadRequest */
export function podTarget(pod: Pod, { port, name }: ProxyPath): ProxyTarget {
  const first = pod.spec.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort ?? 80;
  const number = port === undefined ? first : Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw StatusError.badRequest(`invalid pod request ${JSON.stringify(`${name}:${port}`)}: a pod's port is a number`);
  }
  return { pod: name, port: number };
}

/** Where kubelets listen; agents answer for it without. */
const kubeletPort = '10250';

/** 0 for the node's agent. @throws StatusError BadRequest */
export function nodePort({ port, name }: ProxyPath): number {
  if (port === undefined || port === kubeletPort) return 0;
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw StatusError.badRequest(`invalid node request ${JSON.stringify(`${name}:${port}`)}: a node's port is a number`);
  }
  return number;
}

const serviceNameLabel = 'kubernetes.io/service-name';

/** @throws StatusError ServiceUnavailable in Kubernetes' words when nobody is ready */
export async function serviceTarget(client: Client, random: Random, namespace: string, { name, port }: ProxyPath): Promise<ProxyTarget> {
  const service = await client.get(Service, { namespace, name });
  const ports = service.spec?.ports ?? [];
  const wanted =
    port === undefined && ports.length === 1 ? ports[0] : ports.find((item) => item.name === port || String(item.port) === port);
  if (!wanted) throw unreachable(`no service port ${JSON.stringify(port ?? '')} found for service ${JSON.stringify(name)}`);
  const { items } = await client.list(EndpointSlice, { namespace, labelSelector: `${serviceNameLabel}=${name}` });
  const ready = items.flatMap((slice) => readyTargets(slice, wanted.name ?? ''));
  const chosen = ready[random.int(ready.length)];
  if (!chosen) throw unreachable(`no endpoints available for service ${JSON.stringify(name)}`);
  return chosen;
}

function readyTargets(slice: EndpointSlice, portName: string): ProxyTarget[] {
  const port = slice.ports?.find((item) => (item.name ?? '') === portName)?.port;
  if (port === undefined) return [];
  return (slice.endpoints ?? []).flatMap(({ conditions, targetRef }) =>
    conditions?.ready !== false && targetRef?.kind === 'Pod' && targetRef.name ? [{ pod: targetRef.name, port }] : [],
  );
}

/** Without a time to come back at: clients show it instead of asking again. */
export function unreachable(message: string): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message);
}
