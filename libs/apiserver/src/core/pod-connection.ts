// Logs, exec, attach and port-forward: which node and which container a request means, and the tunnel to it. How tunnels
// reach nodes is the connector's affair.
import { type Container, type ContainerStatus, isTerminal, type Pod, waitingToStart } from '@berth/api';
import { type KubeObject, StatusError } from '@berth/machinery';
import type { Tunnel, TunnelRequest } from '@berth/protocol';

/** The connector numbers its tunnels itself. */
export type PodTunnelRequest = Omit<TunnelRequest, 'tunnelId'>;

/** Implemented by the gateway that agents are connected to. */
export interface NodeConnector {
  /** @throws StatusError ServiceUnavailable when the node has no session. */
  openTunnel(nodeName: string, request: PodTunnelRequest, signal?: AbortSignal): Promise<Tunnel>;
}

/** What the caller of a pod's subresource chooses; the pod itself comes from the request's target. */
export type PodConnection = Omit<PodTunnelRequest, 'namespace' | 'pod' | 'uid' | 'kind'>;

/** An empty connection: fill in what the subresource needs. */
export function podConnection(parts: Partial<PodConnection>): PodConnection {
  return {
    container: '',
    command: [],
    stdin: false,
    stdout: false,
    stderr: false,
    tty: false,
    port: 0,
    log: { follow: false, previous: false, timestamps: false },
    ...parts,
  };
}

/** The options of a stream, as webhooks and policies see them: objects without metadata. */
export function streamOptions<Asked extends object>(kind: string, asked: Asked): KubeObject & Asked {
  return { kind, apiVersion: 'v1', ...asked } as KubeObject & Asked;
}

/** To a node itself. @param port of its address; 0 for what its agent serves */
export function nodeConnection(port: number): PodTunnelRequest {
  return { ...podConnection({ port, stdin: true, stdout: true }), kind: 'node', namespace: '', pod: '', uid: '' };
}

/** To a port of a pod's own address, which its node knows. */
export function podProxyConnection(target: Pick<PodTunnelRequest, 'namespace' | 'pod' | 'uid' | 'port'>): PodTunnelRequest {
  return { ...podConnection({ stdin: true, stdout: true }), kind: 'proxy', ...target };
}

/** The tunnel to ask for and the node to ask. @throws StatusError BadRequest when there is nothing to connect to. */
export function planConnection(
  kind: TunnelRequest['kind'],
  pod: Pod,
  connection: PodConnection,
): { nodeName: string; request: PodTunnelRequest } {
  const { name, namespace = '', uid = '' } = pod.metadata;
  const podName = name ?? '';
  const container = kind === 'portforward' ? '' : containerName(pod, connection.container);
  const { nodeName } = pod.spec;
  if (!nodeName) throw noHost(pod);
  const phase = pod.status?.phase;
  if (kind !== 'log' && isTerminal(phase)) {
    throw StatusError.badRequest(`cannot ${verbOf(kind)} a container in a completed pod; current phase is ${phase}`);
  }
  if (kind === 'log') checkLog(pod, container, connection.log.previous);
  return { nodeName, request: { ...connection, kind, namespace, pod: podName, uid, container } };
}

export function noHost({ metadata }: Pod): StatusError {
  return StatusError.badRequest(`pod ${metadata.name} does not have a host assigned`);
}

function verbOf(kind: TunnelRequest['kind']): string {
  if (kind === 'exec') return 'exec into';
  return kind === 'attach' ? 'attach to' : 'forward ports to';
}

/** @throws StatusError BadRequest when it is not one of the pod's, or none of several is named */
export function containerName(pod: Pod, asked: string): string {
  const all: Pick<Container, 'name'>[] = [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []),
    ...(pod.spec.ephemeralContainers ?? []),
  ];
  if (asked) {
    if (all.some((container) => container.name === asked)) return asked;
    throw StatusError.badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const marked = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (marked && all.some((container) => container.name === marked)) return marked;
  const [only] = pod.spec.containers;
  if (only && all.length === 1) return only.name;
  const names = pod.spec.containers.map((container) => container.name).join(' ');
  const init = pod.spec.initContainers?.map((container) => container.name).join(' ');
  const others = init ? ` or one of the init containers: [${init}]` : '';
  throw StatusError.badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names}]${others}`);
}

/** A container that never ran has no log; say what it waits for. */
function checkLog(pod: Pod, container: string, previous: boolean): void {
  const status = statusOf(pod, container);
  const where = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (previous) {
    if (!status?.lastState?.terminated) throw StatusError.badRequest(`previous terminated ${where} not found`);
    return;
  }
  if (!status) throw StatusError.badRequest(`${where} is not available`);
  const { running, terminated, waiting } = status.state ?? {};
  if (running || terminated || status.lastState?.terminated) return;
  throw StatusError.badRequest(waitingToStart(container, pod.metadata.name, waiting?.reason));
}

function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  return all.find((status) => status.name === container);
}
