// One cause is one card: problems that are the same are one, and what merely follows from another (a Deployment that lacks pods which
// crash, a service without endpoints because they do) is said there instead of beside it.
import type { Problem, ProblemKind } from './problem.ts';

export interface ProblemGroup {
  first: Problem;
  all: Problem[];
  /** What follows from it, in objects that have no fault of their own. */
  follows: Problem[];
}

const kindOrder: ProblemKind[] = [
  'ControlPlane',
  'Node',
  'APIService',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'Pod',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'CronJob',
  'Namespace',
  'Service',
  'Ingress',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
];

/** Errors first, nodes before what runs on them, then what has lasted longest. */
export function groupProblems(problems: Problem[]): ProblemGroup[] {
  const groups = new Map<string, ProblemGroup>();
  for (const problem of problems) {
    const group = groups.get(problem.group);
    if (group) group.all.push(problem);
    else groups.set(problem.group, { first: problem, all: [problem], follows: [] });
  }
  const causes = withoutConsequences([...groups.values()]);
  const rank = ({ first }: ProblemGroup) => (first.severity === 'error' ? 0 : 100) + kindOrder.indexOf(first.kind);
  return causes.sort((a, b) => rank(a) - rank(b) || (a.first.since ?? '').localeCompare(b.first.since ?? ''));
}

/** By the marks that causes and consequences have in common, such as `Deployment/shop/web`. */
function withoutConsequences(groups: ProblemGroup[]): ProblemGroup[] {
  const causes = new Map<string, ProblemGroup>();
  for (const group of groups) {
    for (const { explains = [] } of group.all) for (const mark of explains) if (!causes.has(mark)) causes.set(mark, group);
  }
  const causeOf = ({ first: { explainedBy = [] }, ...group }: ProblemGroup) =>
    explainedBy.map((mark) => causes.get(mark)).find((found) => found && found.all !== group.all);
  return groups.filter((group) => {
    const cause = causeOf(group);
    if (!cause) return group.first.isOnlyConsequence !== true;
    rootOf(cause, causeOf).follows.push(...group.all);
    return false;
  });
}

const chainMax = 10;

/** What follows from a consequence follows from its cause. */
function rootOf(group: ProblemGroup, causeOf: (group: ProblemGroup) => ProblemGroup | undefined): ProblemGroup {
  let root = group;
  for (let step = 0; step < chainMax; step++) root = causeOf(root) ?? root;
  return root;
}
