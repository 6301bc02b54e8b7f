// For tests of other packages: agents' links without a network, and an API held in memory.
export { MemoryClient } from './memory-client.ts';
export { type MemoryAgentLink, memoryAgentLink } from './memory-link.ts';
