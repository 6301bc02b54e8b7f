// A gRPC probe: asks the standard health service (grpc.health.v1.Health/Check) once. Its two messages have one field each and
// are written and read by hand.
import * as grpc from '@grpc/grpc-js';
import type { ProbeResult } from './probe-result.ts';

const method = '/grpc.health.v1.Health/Check';
const statusNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const serving = 1;
const userAgent = 'kube-probe/1.35';

/** @param service empty asks for the server as a whole */
export function grpcHealth(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeResult> {
  const address = `${host}:${port}`;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { 'grpc.primary_user_agent': userAgent });
  return new Promise((resolve) => {
    const finish = (success: boolean, message: string) => {
      client.close();
      resolve({ success, message });
    };
    client.makeUnaryRequest(
      method,
      encodeRequest,
      decodeResponse,
      service,
      new grpc.Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, status = 0) => {
        if (error) finish(false, failureText(error, address, timeoutMs));
        else if (status === serving) finish(true, 'service healthy');
        else finish(false, `service unhealthy (responded with "${statusNames[status] ?? status}")`);
      },
    );
  });
}

function failureText({ code, details }: grpc.ServiceError, address: string, timeoutMs: number): string {
  if (code === grpc.status.UNIMPLEMENTED)
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`;
  if (code === grpc.status.DEADLINE_EXCEEDED) return `timeout: health rpc did not complete within ${timeoutMs / 1000}s`;
  if (code === grpc.status.UNAVAILABLE) return `error: failed to connect service "${address}": ${details}`;
  return `error: health rpc probe failed: ${details}`;
}

/** HealthCheckRequest: field 1 is the service's name. Lengths below 16,384 take at most two bytes. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  const length = name.length < 0x80 ? [name.length] : [(name.length & 0x7f) | 0x80, name.length >> 7];
  return Buffer.concat([Buffer.from([0x0a, ...length]), name]);
}

/** HealthCheckResponse: field 1 is the status; an empty message means 0. */
function decodeResponse(message: Buffer): number {
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
