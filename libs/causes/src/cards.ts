// What is wrong now, one card a cause: what was found (problems.ts) with why it is so (why.ts), for the dashboard's first page and
// `berth doctor`. `berth why` asks the same judges about one object.
import { changeBefore } from './change-before.ts';
import type { Problem } from './problem.ts';
import { groupProblems } from './problem-groups.ts';
import { wordOf } from './problem-steps.ts';
import { findProblems } from './problems.ts';
import type { Finding, Known, Why } from './why.ts';
import { whyClaim } from './why-claim.ts';
import { whyFound } from './why-further.ts';
import { whyNode } from './why-node.ts';
import { whyPod } from './why-pod.ts';
import { whyService } from './why-service.ts';
import { whyDeployment, whyOwner } from './why-workload.ts';

export interface Card {
  /** The object that it is about. */
  first: Problem;
  /** More like it, the first among them. */
  all: Problem[];
  /** What follows from it, in objects that have no fault of their own. */
  follows: Problem[];
  /** The last in the chain of whys: what is to be mended. */
  cause: Finding;
  why: Why;
  /** Who changed what just before. */
  before?: string;
}

/** Further ones are told without their cause: finding it takes more than seeing that something is wrong. */
const explainedMax = 100;

export function findCards(known: Known): Card[] {
  const groups = groupProblems(findProblems(known, known.now));
  const scopes = byNamespace(known, new Set(groups.slice(0, explainedMax).map(({ first }) => first.namespace ?? '')));
  const cards = groups.map(({ first, all, follows }, index): Card => {
    const scope = scopes.get(first.namespace ?? '') ?? known;
    const why = index < explainedMax ? explain(first, scope) : whyFound(first, known);
    const before = changeBefore(first, scope);
    const [cause = { object: '', reason: first.reason, says: first.message }] = why.causes;
    // What is wrong with it as a whole is what the card says already.
    const others = follows.filter(
      ({ kind, namespace, name }) => kind !== first.kind || name !== first.name || namespace !== first.namespace,
    );
    return { first, all, follows: others, cause, why, ...(before && { before }) };
  });
  return withoutTwins(cards);
}

/** A claim that waits and the pod that waits for it are one. */
function withoutTwins(cards: Card[]): Card[] {
  const key = ({ first, cause }: Card) => `${first.namespace ?? ''}/${cause.object}`;
  const own = new Map(
    cards.filter(({ first, cause }) => cause.object === `${wordOf(first.kind)}/${first.name}`).map((card) => [key(card), card]),
  );
  return cards.filter((card) => {
    const cause = own.get(key(card));
    if (!cause || cause === card) return true;
    cause.follows.push(...card.all, ...card.follows);
    return false;
  });
}

function explain(problem: Problem, known: Known): Why {
  const why = judge(problem, known);
  // Who is asked by name is judged a moment later than who was found: what both saw counts.
  if (!why || why.isWell) return whyFound(problem, known);
  if (problem.since && why.causes[0] && !why.causes[0].since) why.causes[0].since = problem.since;
  return why;
}

function judge({ kind, name }: Problem, known: Known): Why | undefined {
  const named = <T extends { metadata: { name: string } }>(objects: T[]) => objects.find(({ metadata }) => metadata.name === name);
  const of = <T extends { metadata: { name: string } }>(objects: T[], why: (object: T) => Why) => {
    const object = named(objects);
    return object && why(object);
  };
  if (kind === 'Pod') return of(known.pods, (pod) => whyPod(pod, known));
  if (kind === 'Deployment') return of(known.deployments, (deployment) => whyDeployment(deployment, known));
  if (kind === 'ReplicaSet') return of(known.replicaSets, (set) => whyOwner('replicaset', set, set.spec?.replicas, known));
  if (kind === 'StatefulSet') return of(known.statefulSets, (set) => whyOwner('statefulset', set, set.spec.replicas, known));
  if (kind === 'DaemonSet') return of(known.daemonSets, (set) => whyOwner('daemonset', set, set.status?.desiredNumberScheduled, known));
  if (kind === 'Job') return of(known.jobs, (job) => whyOwner('job', job, undefined, known));
  if (kind === 'PersistentVolumeClaim') return of(known.claims, (claim) => whyClaim(claim, known));
  if (kind === 'Service') return of(known.services, (service) => whyService(service, known));
  if (kind === 'Node') return of(known.nodes, (node) => whyNode(node, known));
  return undefined;
}

const lists = [
  ...(['pods', 'replicaSets', 'deployments', 'statefulSets', 'daemonSets', 'jobs', 'cronJobs', 'autoscalers', 'budgets'] as const),
  ...(['ingresses', 'claims', 'services', 'endpointSlices', 'events'] as const),
];

/** What is known, for each of these namespaces. */
function byNamespace(known: Known, wanted: ReadonlySet<string>): Map<string, Known> {
  const scopes = new Map<string, Record<string, object[]>>([...wanted].map((namespace) => [namespace, {}]));
  for (const list of lists) {
    for (const scope of scopes.values()) scope[list] = [];
    for (const object of known[list]) scopes.get(object.metadata.namespace ?? '')?.[list]?.push(object);
  }
  return new Map([...scopes].map(([namespace, parts]) => [namespace, namespace === '' ? known : { ...known, ...parts }]));
}
