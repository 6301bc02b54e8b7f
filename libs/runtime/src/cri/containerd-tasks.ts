// What containerd knows of processes and CRI does not tell: how one that was started by exec ended, and where its files are.
// (containerd API: services/tasks/v1/tasks.proto.)
import * as grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';

const schema = protobuf.parse(`
  syntax = "proto3";
  message WaitRequest { string container_id = 1; string exec_id = 2; }
  message WaitResponse { uint32 exit_status = 1; }
`).root;
const waitRequest = schema.lookupType('WaitRequest');
const waitResponse = schema.lookupType('WaitResponse');

/** Resolves with the exit code once the process has ended; undefined when containerd does not know it (any more). */
export function processEnd(
  client: grpc.Client,
  namespace: string,
  process: { containerId: string; execId: string },
  signal: AbortSignal,
): Promise<number | undefined> {
  const metadata = new grpc.Metadata();
  metadata.set('containerd-namespace', namespace);
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      '/containerd.services.tasks.v1.Tasks/Wait',
      (request: object) => Buffer.from(waitRequest.encode(request).finish()),
      (bytes: Buffer) => waitResponse.decode(bytes) as unknown as { exitStatus: number },
      process,
      metadata,
      (error, answer) => {
        signal.removeEventListener('abort', cancel);
        if (!error) resolve(answer?.exitStatus ?? 0);
        else if (error.code === grpc.status.NOT_FOUND || error.code === grpc.status.CANCELLED) resolve(undefined);
        else reject(error);
      },
    );
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
  });
}
