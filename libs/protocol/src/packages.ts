// The protocols Berth speaks over gRPC, loaded once each: agent sessions (64-bit integers are numbers, all of them are small), CRI (64-bit
// integers are decimal strings, as nanosecond timestamps do not fit a double), and those of a node's storage drivers.
import type * as grpc from '@grpc/grpc-js';
import { loadPackage, promiseClient, serviceOf } from './descriptor.ts';
import { agentDescriptor } from './generated/agent.descriptor.ts';
import type { AgentGatewayClient } from './generated/agent.types.ts';
import { criDescriptor } from './generated/cri.descriptor.ts';
import type { ImageServiceClient, RuntimeServiceClient } from './generated/cri.types.ts';
import { csiDescriptor } from './generated/csi.descriptor.ts';
import type { NodeClient } from './generated/csi.types.ts';
import { pluginregistrationDescriptor } from './generated/pluginregistration.descriptor.ts';
import type { RegistrationClient } from './generated/pluginregistration.types.ts';

let agent: grpc.GrpcObject | undefined;
let cri: grpc.GrpcObject | undefined;
let csi: grpc.GrpcObject | undefined;
let registration: grpc.GrpcObject | undefined;

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

export function csiPackage(): grpc.GrpcObject {
  csi ??= loadPackage(csiDescriptor, 'number');
  return csi;
}

export function registrationPackage(): grpc.GrpcObject {
  registration ??= loadPackage(pluginregistrationDescriptor, 'number');
  return registration;
}

/** The node service of a storage driver. */
export function csiNodeClient(address: string, credentials: grpc.ChannelCredentials, options?: grpc.ClientOptions): NodeClient {
  return promiseClient(serviceOf(csiPackage(), 'csi.v1.Node'), address, credentials, options);
}

/** What a plugin of a node says of itself. */
export function registrationClient(
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: grpc.ClientOptions,
): RegistrationClient {
  return promiseClient(serviceOf(registrationPackage(), 'pluginregistration.Registration'), address, credentials, options);
}
