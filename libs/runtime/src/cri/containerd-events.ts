// containerd's own event stream. CRI's GetContainerEvents exists from containerd 1.7 on only; this service has always been
// there, and tells of an exit within milliseconds. (containerd API: services/events/v1, events/task.proto.)
import type * as grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type { RuntimeEvent } from '../runtime.ts';
import type { ProcessExit } from './exec-exits.ts';

const schema = protobuf.parse(`
  syntax = "proto3";
  message SubscribeRequest { repeated string filters = 1; }
  message Any { string type_url = 1; bytes value = 2; }
  message Envelope { string namespace = 2; string topic = 3; Any event = 4; }
  message Subject { string container_id = 1; string process_id = 2; }
  message Exit { string container_id = 1; string process_id = 2; uint32 exit_status = 4; }
`).root;
const subscribeRequest = schema.lookupType('SubscribeRequest');
const envelope = schema.lookupType('Envelope');
const exit = schema.lookupType('Exit');
const subject = schema.lookupType('Subject');

const types: Record<string, RuntimeEvent['type']> = {
  '/tasks/create': 'created',
  '/tasks/start': 'started',
  '/tasks/exit': 'stopped',
  '/tasks/oom': 'oom',
  '/tasks/delete': 'deleted',
  '/containers/delete': 'deleted',
};

/**
 * @param namespace containerd's: `k8s.io` is the one that CRI uses
 * @param otherEnded a process beside a container's own has ended
 */
export async function* containerdEvents(
  client: grpc.Client,
  namespace: string,
  signal: AbortSignal,
  otherEnded: (exit: ProcessExit) => void,
): AsyncGenerator<RuntimeEvent> {
  if (signal.aborted) return;
  const call = client.makeServerStreamRequest(
    '/containerd.services.events.v1.Events/Subscribe',
    (request: object) => Buffer.from(subscribeRequest.encode(request).finish()),
    (bytes: Buffer) => envelope.toObject(envelope.decode(bytes)) as { namespace?: string; topic?: string; event?: { value?: Uint8Array } },
    { filters: [`namespace==${namespace}`] },
  );
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of call) {
      const type = types[message.topic ?? ''];
      if (!type || !message.event?.value) continue;
      const { containerId, processId } = subjectOf(message.event.value);
      // An exec's process that ends, such as a probe's, changes nothing of its container.
      if (type === 'stopped' && processId !== containerId) {
        otherEnded({ containerId, exitCode: exitCodeOf(message.event.value) });
        continue;
      }
      // A sandbox's pause container has the sandbox's id, so one id serves for both.
      yield { type, containerId, sandboxId: containerId };
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}

/** Field 1 is the container in every task event and the id in container events; field 2 of an exit is the process. */
function subjectOf(event: Uint8Array): { containerId: string; processId: string } {
  return subject.decode(event) as unknown as { containerId: string; processId: string };
}

function exitCodeOf(event: Uint8Array): number {
  return (exit.decode(event) as unknown as { exitStatus: number }).exitStatus;
}
