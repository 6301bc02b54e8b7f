// The connection to etcd and the meaning of its failures. Nothing is retried here: a write that was sent twice could fail its
// own comparison.
import type { Clock } from '@berth/telemetry';
import type { Etcd3, IOptions } from 'etcd3';
import { LeaseNotFoundError, StoreUnavailableError } from '../store.ts';

const requestTimeoutMs = 10_000;
/** Lists with every object of a large cluster. */
const receiveBytesMax = 512 * 2 ** 20;
const windowBytes = 16 * 2 ** 20;

export interface EtcdCredentials {
  rootCertificate: Buffer;
  privateKey?: Buffer;
  certChain?: Buffer;
}

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

const once: Policy = {
  _altReturn: undefined as never,
  onSuccess: () => ({ dispose() {} }),
  onFailure: () => ({ dispose() {} }),
  execute: async (operation) => operation({ signal: new AbortController().signal }),
};

/** Loads the library first: a tenth of what it takes to start a control plane, and most have no etcd. */
export async function connect(endpoints: string[], clock: Clock, credentials: EtcdCredentials | undefined): Promise<Etcd3> {
  const { Etcd3 } = await import('etcd3');
  return new Etcd3({
    hosts: endpoints,
    ...(credentials && { credentials }),
    faultHandling: { global: once, host: () => once },
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: clock.now() + requestTimeoutMs }),
    grpcOptions: {
      'grpc.max_receive_message_length': receiveBytesMax,
      'grpc.max_send_message_length': receiveBytesMax,
      // HTTP/2's 64 KiB make a watch fall behind its writers: each window costs a turn of a busy event loop.
      'grpc-node.flow_control_window': windowBytes,
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
    },
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether etcd refused for a reason that lies in the request, so that nothing of it was applied. */
export function isRefusal(error: unknown): boolean {
  return /etcdserver: (requested lease not found|too many operations|duplicate key|request is too large|mvcc: |key is not provided)/.test(
    messageOf(error),
  );
}

/** Whether etcd has raised its alarm: it refuses everything but reads and deletions. */
export function isOutOfSpace(error: unknown): boolean {
  return /database space exceeded/.test(messageOf(error));
}

export function unavailable(endpoints: string[], error: unknown): StoreUnavailableError {
  return new StoreUnavailableError(`etcd at ${endpoints.join(', ')} did not answer: ${messageOf(error)}`, { cause: error });
}

export function isLeaseNotFound(error: unknown): boolean {
  return error instanceof LeaseNotFoundError || /requested lease not found/.test(messageOf(error));
}
