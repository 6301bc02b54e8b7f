export { nodeMatches } from './node-selector.ts';
export { isWantedNode } from './plugins/node-affinity.ts';
export { hostPortsClash } from './plugins/node-ports.ts';
export { type PodFacts, podFacts } from './pod-facts.ts';
export { awaitsVictims, type Preemption } from './preemption.ts';
export { podRequests, type Resources, resourcesFrom } from './resources.ts';
export { type Decision, explainedMax, type NodeScore, schedule } from './schedule.ts';
export { Snapshot } from './snapshot.ts';
export { untolerated } from './tolerations.ts';
