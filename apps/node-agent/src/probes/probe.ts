// One probe attempt: exec, http or tcp, with the kubelet's ideas of success (HTTP 200 to 399, redirects count as success).
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Container, Pod, Probe } from '@berth/api';
import type { Runtime } from '@berth/runtime';

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
  run(probe: Probe, target: ProbeTarget): Promise<ProbeResult>;
}

const bodyBytesMax = 10 * 1024;

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
    return { success: false, message: 'this kind of probe is not supported' };
  }

  async #exec(command: string[], containerId: string, timeoutSeconds: number): Promise<ProbeResult> {
    const { exitCode, stdout, stderr } = await this.#runtime.execSync(containerId, command, timeoutSeconds);
    const output = `${stdout}${stderr}`.slice(0, bodyBytesMax).trim();
    return { success: exitCode === 0, message: output || `command exited with ${exitCode}` };
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
  const url = `${scheme}://${host}:${port}${path}`;
  const headers = Object.fromEntries([
    ['User-Agent', 'kube-probe/1.35'],
    ['Accept', '*/*'],
    ...(action.httpHeaders ?? []).map((h) => [h.name, h.value]),
  ]);
  const send = scheme === 'https' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = send(url, { headers, agent: false, ...(scheme === 'https' && { rejectUnauthorized: false }) });
    const timer = setTimeout(
      () => request.destroy(new Error(`Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`)),
      timeoutMs,
    );
    request.once('response', (response) => {
      const code = response.statusCode ?? 0;
      response.resume();
      clearTimeout(timer);
      resolve({ success: code >= 200 && code < 400, message: `HTTP probe failed with statuscode: ${code}` });
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({
        success: false,
        message: error.code === 'ECONNREFUSED' ? `Get "${url}": dial tcp ${host}:${port}: connect: connection refused` : error.message,
      });
    });
    request.end();
  });
}
