export type { GatewayConfig } from './config.ts';
export { AgentGateway } from './gateway.ts';
export type { SessionHub } from './session-hub.ts';
export { TunnelBroker } from './tunnel-broker.ts';
