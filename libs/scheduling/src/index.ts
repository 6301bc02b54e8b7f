export { nodeMatches } from './node-selector.ts';
export { type PodFacts, podFacts } from './pod-facts.ts';
export { type Decision, explainedMax, type NodeScore, schedule } from './schedule.ts';
export { Snapshot } from './snapshot.ts';
export { untolerated } from './tolerations.ts';
