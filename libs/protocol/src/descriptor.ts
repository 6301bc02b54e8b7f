// Turns committed descriptors into gRPC package definitions, and gRPC's callback clients into promises.
// Messages: camelCase keys, bytes as Buffer, enums as their names, absent messages null, oneofs named by a discriminator.
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';

/** A protobufjs JSON descriptor; its own type asks for comments on methods and knows no maps, so it is opaque here. */
export type Descriptor = Record<string, unknown>;

/** What one may send: every field optional at any depth, bytes from any view. */
export type Input<T> = T extends Buffer
  ? Uint8Array
  : T extends (infer E)[]
    ? Input<E>[]
    : T extends object
      ? { [K in keyof T]?: Input<T[K]> }
      : T;

export interface CallOptions {
  /** The call fails with DEADLINE_EXCEEDED after this long. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface ServiceClient {
  close(): void;
}

export function loadPackage(descriptor: Descriptor, longs: 'number' | 'string'): grpc.GrpcObject {
  const definition = protoLoader.fromJSON(descriptor as Parameters<typeof protoLoader.fromJSON>[0], {
    enums: String,
    longs: longs === 'number' ? Number : String,
    defaults: true,
    oneofs: true,
  });
  return grpc.loadPackageDefinition(definition);
}

/** The service's constructor below a package, e.g. `runtime.v1.RuntimeService`. */
export function serviceOf(root: grpc.GrpcObject, path: string): grpc.ServiceClientConstructor {
  let item: grpc.GrpcObject | grpc.ServiceClientConstructor | grpc.ProtobufTypeDefinition | undefined = root;
  for (const part of path.split('.')) item = (item as grpc.GrpcObject | undefined)?.[part];
  if (typeof item !== 'function') throw new Error(`the descriptor has no service ${path}; run npm run generate`);
  return item;
}

type Unary = (
  request: unknown,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  done: grpc.requestCallback<unknown>,
) => grpc.ClientUnaryCall;
type ServerStream = (request: unknown, metadata: grpc.Metadata, options: grpc.CallOptions) => grpc.ClientReadableStream<unknown>;
type Bidi = (metadata: grpc.Metadata) => grpc.ClientDuplexStream<unknown, unknown>;

/** A client whose unary methods return promises; the generated `<Service>Client` interface is its type. */
export function promiseClient<C extends ServiceClient>(
  service: grpc.ServiceClientConstructor,
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: grpc.ClientOptions,
): C {
  const client = new service(address, credentials, options);
  const out: Record<string, unknown> = { close: () => client.close() };
  for (const [method, definition] of Object.entries(service.service)) {
    const name = method.charAt(0).toLowerCase() + method.slice(1);
    const call = client[method] as (...args: unknown[]) => unknown;
    if (definition.requestStream) out[name] = (metadata?: grpc.Metadata) => (call as Bidi).call(client, metadata ?? new grpc.Metadata());
    else if (definition.responseStream) out[name] = serverStream((...args) => (call as ServerStream).call(client, ...args));
    else out[name] = unary((...args) => (call as Unary).call(client, ...args));
  }
  return out as C & Record<string, unknown>;
}

function unary(call: Unary) {
  return (request: unknown, options: CallOptions = {}) =>
    new Promise((resolve, reject) => {
      options.signal?.throwIfAborted();
      const onAbort = () => running.cancel();
      const running = call(request, new grpc.Metadata(), deadline(options), (error, response) => {
        options.signal?.removeEventListener('abort', onAbort);
        if (error) reject(error);
        else resolve(response);
      });
      options.signal?.addEventListener('abort', onAbort, { once: true });
    });
}

function serverStream(call: ServerStream) {
  return (request: unknown, options: CallOptions = {}) => {
    const stream = call(request, new grpc.Metadata(), deadline(options));
    const onAbort = () => stream.cancel();
    if (options.signal?.aborted) onAbort();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    stream.once('close', () => options.signal?.removeEventListener('abort', onAbort));
    return stream;
  };
}

/** gRPC deadlines are wall-clock times, and exist only where there is a real network. */
function deadline(options: CallOptions): grpc.CallOptions {
  return options.timeoutMs === undefined ? {} : { deadline: new Date(Date.now() + options.timeoutMs) };
}
