// The two protocols Berth speaks over gRPC, loaded once each: agent sessions (64-bit integers are numbers, all of them are
// small) and CRI (64-bit integers are decimal strings, as nanosecond timestamps do not fit a double).
import type * as grpc from '@grpc/grpc-js';
import { loadPackage, promiseClient, serviceOf } from './descriptor.ts';
import { agentDescriptor } from './generated/agent.descriptor.ts';
import type { AgentGatewayClient } from './generated/agent.types.ts';
import { criDescriptor } from './generated/cri.descriptor.ts';
import type { ImageServiceClient, RuntimeServiceClient } from './generated/cri.types.ts';

let agent: grpc.GrpcObject | undefined;
let cri: grpc.GrpcObject | undefined;

export function agentPackage(): grpc.GrpcObject {
  agent ??= loadPackage(agentDescriptor, 'number');
  return agent;
}

export function criPackage(): grpc.GrpcObject {
  cri ??= loadPackage(criDescriptor, 'string');
  return cri;
}

/** For `server.addService`; implement the generated AgentGatewayHandlers. */
export function agentGatewayService(): grpc.ServiceDefinition {
  return serviceOf(agentPackage(), 'berth.agent.v1.AgentGateway').service;
}

export function agentGatewayClient(
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: grpc.ClientOptions,
): AgentGatewayClient {
  return promiseClient(serviceOf(agentPackage(), 'berth.agent.v1.AgentGateway'), address, credentials, options);
}

/** @param address e.g. `unix:///run/containerd/containerd.sock`, with insecure credentials. */
export function runtimeServiceClient(
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: grpc.ClientOptions,
): RuntimeServiceClient {
  return promiseClient(serviceOf(criPackage(), 'runtime.v1.RuntimeService'), address, credentials, options);
}

export function imageServiceClient(
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: grpc.ClientOptions,
): ImageServiceClient {
  return promiseClient(serviceOf(criPackage(), 'runtime.v1.ImageService'), address, credentials, options);
}
