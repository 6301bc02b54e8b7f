// One probe attempt: exec, http, tcp or grpc, with the kubelet's ideas of success: HTTP 200 to 399, redirects are followed on
// the same host and count as success to another. What fails is a result; what cannot be tried at all is thrown.

import { connect } from 'node:net';
import type { Container, HTTPGetAction, Probe } from '@berth/api';
import { ExecTimeoutError, type Runtime } from '@berth/runtime';
import { expand } from '../pods/environment.ts';
import { grpcHealth } from './grpc-health.ts';
import { HttpActionError, httpAction } from './http-action.ts';
import type { ProbeResult } from './probe-result.ts';
import { type ProbeTarget, resolvePort } from './probe-target.ts';

/** Performs attempts; a port, so that simulated pods are probed without a network. */
export interface ProbeRunner {
  /** @throws when the attempt could not be made, which says nothing about the container */
  run(probe: Probe, target: ProbeTarget): Promise<ProbeResult>;
}

const outputBytesMax = 10 * 1024;
/** Where a probe says nothing, or 0. */
const timeoutSecondsDefault = 1;

export class NetworkProbeRunner implements ProbeRunner {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async run(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
    const timeoutSeconds = probe.timeoutSeconds || timeoutSecondsDefault;
    const timeoutMs = timeoutSeconds * 1000;
    if (probe.exec) return this.#exec(expanded(probe.exec.command ?? [], target.container), target.containerId, timeoutSeconds);
    if (probe.httpGet) return http(probe.httpGet, target, timeoutMs);
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

/** With the variables that the container's definition gives a value; references to other objects are not followed. */
function expanded(command: string[], { env = [] }: Container): string[] {
  const variables = new Map(env.flatMap(({ name, value, valueFrom }) => (valueFrom ? [] : [[name, value ?? ''] as const])));
  return command.map((part) => expand(part, variables));
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

async function http(action: HTTPGetAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  try {
    const { code, body } = await httpAction(action, target, { purpose: 'probe', signal: AbortSignal.timeout(timeoutMs) });
    if (code >= 300 && code < 400) return { success: true, message: `Probe terminated redirects, Response body: ${body}`, isWarning: true };
    return { success: code >= 200 && code < 300, message: `HTTP probe failed with statuscode: ${code}` };
  } catch (error) {
    if (!(error instanceof HttpActionError)) throw error;
    return { success: false, message: error.message };
  }
}
