// One probe attempt: exec, http, tcp or grpc, with the kubelet's ideas of success: HTTP 200 to 399, redirects are followed on
// the same host and count as success to another. What fails is a result; what cannot be tried at all is thrown.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, Pod, Probe } from '@berth/api';
import { ExecTimeoutError, type Runtime } from '@berth/runtime';
import { grpcHealth } from './grpc-health.ts';

export interface ProbeResult {
  success: boolean;
  message: string;
}

export interface ProbeTarget {
  pod: Pod;
  container: Container;
  containerId: string;
  podIp: string;
}

/** Performs attempts; a port, so that simulated pods are probed without a network. */
export interface ProbeRunner {
  /** @throws when the attempt could not be made, which says nothing about the container */
  run(probe: Probe, target: ProbeTarget): Promise<ProbeResult>;
}

const outputBytesMax = 10 * 1024;
const redirectsMax = 10;

export class NetworkProbeRunner implements ProbeRunner {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async run(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    if (probe.exec) return this.#exec(probe.exec.command ?? [], target.containerId, probe.timeoutSeconds ?? 1);
    if (probe.httpGet) return httpGet(probe.httpGet, target, timeoutMs);
    if (probe.tcpSocket) {
      const port = resolvePort(probe.tcpSocket.port, target.container);
      return tcp(probe.tcpSocket.host || target.podIp, port, timeoutMs);
    }
    if (probe.grpc) return grpcHealth(target.podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    throw new Error('missing probe handler');
  }

  async #exec(command: string[], containerId: string, timeoutSeconds: number): Promise<ProbeResult> {
    try {
      const { exitCode, stdout, stderr } = await this.#runtime.execSync(containerId, command, timeoutSeconds);
      const output = `${stdout}${stderr}`.slice(0, outputBytesMax).trim();
      return { success: exitCode === 0, message: output || `command exited with ${exitCode}` };
    } catch (error) {
      if (!(error instanceof ExecTimeoutError)) throw error;
      return { success: false, message: `command ${JSON.stringify(command.join(' '))} timed out` };
    }
  }
}

/** A port's number, from its number or its name in the container. @throws Error naming the port */
export function resolvePort(port: number | string | undefined, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((p) => p.name === port);
  if (named) return named.containerPort;
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`couldn't find port: ${port} in container ${container.name}`);
}

function tcp(host: string, port: number, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const finish = (success: boolean, message: string) => {
      socket.destroy();
      resolve({ success, message });
    };
    socket.once('connect', () => finish(true, 'connected'));
    socket.once('timeout', () => finish(false, `dial tcp ${host}:${port}: i/o timeout`));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish(false, `dial tcp ${host}:${port}: ${error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message}`),
    );
  });
}

/** Also used by lifecycle hooks. */
export function httpGet(action: NonNullable<Probe['httpGet']>, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const host = action.host || target.podIp;
  const port = resolvePort(action.port, target.container);
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`;
  const headers = Object.fromEntries([
    ['user-agent', 'kube-probe/1.35'],
    ['accept', '*/*'],
    ...(action.httpHeaders ?? []).map((h) => [h.name.toLowerCase(), h.value]),
  ]);
  return get(new URL(`${scheme}://${host}:${port}${path}`), headers, AbortSignal.timeout(timeoutMs), redirectsMax);
}

function get(url: URL, headers: Record<string, string>, signal: AbortSignal, redirectsLeft: number): Promise<ProbeResult> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // Nobody issued a certificate for a pod's address: whoever asks for HTTPS asks for encryption only.
  const tls = url.protocol === 'https:' ? { rejectUnauthorized: false } : {};
  return new Promise((resolve, reject) => {
    const request = send(url, { headers, agent: false, signal, ...tls });
    request.once('response', (response) => {
      const code = response.statusCode ?? 0;
      const next = code >= 300 && code < 400 ? redirectTarget(response.headers.location, url) : undefined;
      response.destroy();
      if (next && redirectsLeft === 0) resolve({ success: false, message: `Get "${url}": stopped after ${redirectsMax} redirects` });
      else if (next) get(next, headers, signal, redirectsLeft - 1).then(resolve, reject);
      else resolve({ success: code >= 200 && code < 400, message: `HTTP probe failed with statuscode: ${code}` });
    });
    // A probed server that is cut off after its status line has answered all the same.
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ success: false, message: httpFailure(url, error) }));
    request.end();
  });
}

/** Where to go on; undefined for another host, which is not the container's business. */
function redirectTarget(location: string | undefined, from: URL): URL | undefined {
  const next = location === undefined || !URL.canParse(location, from.href) ? undefined : new URL(location, from.href);
  return next?.hostname === from.hostname && /^https?:$/.test(next.protocol) ? next : undefined;
}

function httpFailure(url: URL, error: NodeJS.ErrnoException): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
  if (error.code === 'ECONNREFUSED') return `Get "${url}": dial tcp ${url.host}: connect: connection refused`;
  return `Get "${url}": ${error.message}`;
}
