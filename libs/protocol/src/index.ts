export * from './agent-link.ts';
export type { CallOptions, Input, ServiceClient } from './descriptor.ts';
/** Messages of the agent protocol, and of CRI; namespaces, as the two share names. */
export type * as agentV1 from './generated/agent.types.ts';
export type * as criV1 from './generated/cri.types.ts';
export * from './packages.ts';
