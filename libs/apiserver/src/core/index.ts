// What the rest of the control plane may use of the API's core.
export { type ApiConfig, type ApiServerOptions, type FeatureGate, featureGates } from './api-options.ts';
export { ApiServer } from './api-server.ts';
export type { Attributes, Authorizer, Verb } from './authorizer.ts';
export { componentUsers } from './component-users.ts';
export { componentStatuses } from './computed/component-statuses.ts';
export { type ReviewedToken, tokenReviews } from './computed/token-reviews.ts';
export type { DecisionChanged, DecisionSource } from './decision-source.ts';
export type { AdvertisedAddress } from './default-objects.ts';
export { erased, KindsByName } from './kinds-by-name.ts';
export { encodedList } from './list-encoding.ts';
export type { NodeUsage, UsageSource } from './node-usage.ts';
export type { PatchKind } from './patches.ts';
export { type NodeConnector, nodeConnection, type PodConnection, type PodTunnelRequest, podConnection } from './pod-connection.ts';
export * from './types.ts';
