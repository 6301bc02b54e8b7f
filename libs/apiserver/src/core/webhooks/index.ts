// Calls to servers of others: webhooks of admission and conversion, and connections to services for whatever else is passed on to them.
export { FarRequest, type PassedRequest } from './far-request.ts';
export { KeptConnections } from './kept-connections.ts';
export { type ServiceConnection, ServiceConnections } from './service-connections.ts';
export { type Lookup, type PodDestination, podDestination, readyPod, unreachable } from './service-endpoints.ts';
export { secured } from './tls-connection.ts';
export type { WebhookAddress } from './webhook-address.ts';
export { WebhookCallError } from './webhook-call-error.ts';
export { type CallOptions, WebhookClient, type WebhookClientOptions } from './webhook-client.ts';
