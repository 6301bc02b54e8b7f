export { ageMs } from './age.ts';
export { findProblems, groupProblems, type Observed, type Problem, type ProblemGroup, type ProblemKind } from './problems.ts';
export type { Finding, Known, Step, Why } from './why.ts';
export { whyClaim } from './why-claim.ts';
export { whyNode } from './why-node.ts';
export { whyPod } from './why-pod.ts';
export { whyService } from './why-service.ts';
export { whyDeployment, whyOwner } from './why-workload.ts';
