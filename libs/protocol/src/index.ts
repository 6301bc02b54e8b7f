export * from './agent-link.ts';
export * from './back-pressure.ts';
export type { CallOptions, Input, ServiceClient } from './descriptor.ts';
export * from './frame-tunnel.ts';
/** Messages of the protocols; namespaces, as they share names. */
export type * as agentV1 from './generated/agent.types.ts';
export type * as criV1 from './generated/cri.types.ts';
export type * as csiV1 from './generated/csi.types.ts';
export type * as registrationV1 from './generated/pluginregistration.types.ts';
export * from './join-token.ts';
export * from './packages.ts';
export * from './proxyable-address.ts';
export * from './reconnecting-link.ts';
export * from './session-messages.ts';
export * from './status-outbox.ts';
export * from './tunnel-stream.ts';
