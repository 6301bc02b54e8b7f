// Whoever reaches the gateway's port may ask to join, and gRPC reads a whole request before anybody looks at its token. So of peers
// that have not proven to be a node, few requests are read at a time, and for so long: the oldest goes for the newest. A node that
// joins takes milliseconds.
import type { Clock } from '@berth/telemetry';
import * as grpc from '@grpc/grpc-js';

/** Times the largest message that the gateway takes, this is what strangers can make it hold. */
const callsMax = 8;
const callMsMax = 15_000;

type Call = Pick<grpc.ServerInterceptingCallInterface, 'getAuthContext'>;

/** @param isNode whether the call's peer has proven to be a node */
export function strangerLimit(isNode: (call: Call) => boolean, clock: Clock): grpc.ServerInterceptor {
  /** How to end each; the oldest first. */
  const open = new Set<(code: grpc.status, details: string) => void>();
  return (method, call) => {
    // Streams are looked at before anything of them is read.
    if (method.requestStream || isNode(call)) return new grpc.ServerInterceptingCall(call);
    if (open.size >= callsMax) {
      const [oldest] = open;
      oldest?.(grpc.status.RESOURCE_EXHAUSTED, 'too many requests of peers that are no nodes yet: try again');
    }
    const timer = clock.after(callMsMax, () => end(grpc.status.DEADLINE_EXCEEDED, `the request did not come within ${callMsMax} ms`));
    const release = () => {
      open.delete(end);
      timer.cancel();
    };
    const end = (code: grpc.status, details: string) => {
      release();
      call.sendStatus({ code, details });
    };
    open.add(end);
    const start: grpc.Responder['start'] = (next) => {
      next({ onCancel: release });
    };
    const sendStatus: grpc.Responder['sendStatus'] = (status, next) => {
      release();
      next(status);
    };
    return new grpc.ServerInterceptingCall(call, { start, sendStatus });
  };
}
