// A collector of traces for tests: a gRPC server that reads what is exported by descriptors of its own, and keeps it.
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** The part of OpenTelemetry's messages that is used, by its field numbers. */
const proto = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Scope { string name = 1; }
message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6; fixed64 start = 7;
  fixed64 end = 8; repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15; fixed32 flags = 16; }
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; Value value = 2; }
message Value { oneof value { string s = 1; bool b = 2; int64 i = 3; double d = 4; } }
message Response { Partial partial_success = 1; }
message Partial { int64 rejected_spans = 1; string error_message = 2; }`;
const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

interface CollectedSpan {
  /** In base64, as are the other ids. */
  trace_id: string;
  span_id: string;
  parent_span_id?: string;
  name: string;
  links?: { trace_id: string; span_id: string }[];
}

export interface CollectedRequest {
  resource_spans: { resource: { attributes: { key: string; value: object }[] }; scope_spans: { spans: CollectedSpan[] }[] }[];
}

export class TraceCollector {
  readonly endpoint: string;
  readonly received: CollectedRequest[];
  readonly #server: Server;

  private constructor(endpoint: string, received: CollectedRequest[], server: Server) {
    this.endpoint = endpoint;
    this.received = received;
    this.#server = server;
  }

  /** @param answer to each export; a gRPC error with its code, or a response */
  static async start(answer: object | Error = {}): Promise<TraceCollector> {
    const { root } = protobuf.parse(proto, { keepCase: true });
    const [requests, responses] = [root.lookupType('Request'), root.lookupType('Response')];
    const received: CollectedRequest[] = [];
    const server = new Server();
    const nothing = () => Buffer.alloc(0);
    const raw = (bytes: Buffer) => bytes;
    const requestDeserialize = (bytes: Buffer) =>
      requests.toObject(requests.decode(bytes), { bytes: String, longs: String }) as CollectedRequest;
    server.addService(
      {
        export: {
          ...{ path, requestStream: false, responseStream: false, requestDeserialize },
          ...{ requestSerialize: nothing, responseSerialize: raw, responseDeserialize: raw },
        },
      },
      {
        export: ({ request }: ServerUnaryCall<CollectedRequest, Buffer>, done: sendUnaryData<Buffer>) => {
          received.push(request);
          if (answer instanceof Error) done(answer);
          else done(null, Buffer.from(responses.encode(answer).finish()));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    return new TraceCollector(`127.0.0.1:${port}`, received, server);
  }

  /** All that came, with the names of their services. */
  readonly spans = (): (CollectedSpan & { service: unknown })[] =>
    this.received.flatMap(({ resource_spans }) =>
      resource_spans.flatMap(({ resource, scope_spans }) => {
        const name = resource.attributes.find(({ key }) => key === 'service.name')?.value;
        const service = name && 's' in name ? name.s : undefined;
        return scope_spans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
      }),
    );

  stop(): void {
    this.#server.forceShutdown();
  }
}
