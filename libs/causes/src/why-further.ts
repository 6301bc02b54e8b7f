// Why CronJobs, Ingresses, autoscalers, disruption budgets and namespaces are not well.
import type { batchV1, policyV1 } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { Problem, ProblemKind } from './problem.ts';
import { findProblems } from './problems.ts';
import { consequence, isOwnedBy, type Known, kubectl, objectName, type Step, unwell, type Why, well } from './why.ts';
import { whyOwner } from './why-workload.ts';

/** By its newest run that is over. */
export function whyCronJob(cronJob: batchV1.CronJob, known: Known): Why {
  const object = objectName('cronjob', cronJob);
  const { namespace, name } = cronJob.metadata;
  const runs = known.jobs.filter((job) => isOwnedBy(job, cronJob) && !isRunning(job));
  const [newest] = runs.sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''));
  const why = newest && whyOwner('job', newest, undefined, known);
  if (why && !why.isWell) {
    const again: Step = { text: 'run it again', command: kubectl(namespace, 'create', 'job', `${name}-again`, `--from=cronjob/${name}`) };
    return consequence(object, 'RunFailed', `its newest run, job ${newest.metadata.name}, failed`, why, [again]);
  }
  if (cronJob.spec.suspend) {
    const command = kubectl(namespace, 'patch', 'cronjob', name, '-p', `'{"spec":{"suspend":false}}'`);
    return well(object, 'it is suspended: nothing runs until it is resumed', [{ text: 'resume it', command }]);
  }
  const last = cronJob.status?.lastScheduleTime;
  return well(object, last ? `it ran last at ${last}` : 'it has not run yet');
}

function isRunning({ status }: Known['jobs'][number]): boolean {
  return !status?.conditions?.some(({ type, status: is }) => is === 'True' && (type === 'Failed' || type === 'Complete'));
}

const words: Partial<Record<ProblemKind, string>> = {
  HorizontalPodAutoscaler: 'hpa',
  PodDisruptionBudget: 'pdb',
  PersistentVolume: 'pv',
  PersistentVolumeClaim: 'pvc',
};

export function wordOf(kind: ProblemKind): string {
  return words[kind] ?? kind.toLowerCase();
}

/** Of kinds that nothing else lies behind. */
export function whyProblem(kind: ProblemKind, object: KubeObject, known: Known): Why {
  const { namespace, name } = object.metadata;
  const found = findProblems(known, known.now).find(
    (problem) => problem.kind === kind && problem.name === name && (problem.namespace ?? '') === (namespace ?? ''),
  );
  return found ? whyFound(found, known) : well(objectName(wordOf(kind), object), 'nothing is known to be wrong with it');
}

export function whyFound(problem: Problem, known: Known): Why {
  const { kind, name, reason, message, since } = problem;
  return unwell(`${wordOf(kind)}/${name}`, { reason, says: message, ...(since && { since }) }, stepsFor(problem, known));
}

function stepsFor({ kind, namespace, name, reason, message }: Problem, known: Known): Step[] {
  if (kind === 'Ingress') {
    const service = /service (\S+) does not exist/.exec(message)?.[1];
    const text = service ? `make service ${service}, or name another` : 'name a service and a port that there is';
    return [{ text, command: kubectl(namespace, 'edit', 'ingress', name) }];
  }
  if (kind === 'HorizontalPodAutoscaler') {
    const [, resource] = /missing request for (\w+)/.exec(message) ?? [];
    const target = targetOf(namespace, name, known);
    const command = resource && target && kubectl(namespace, 'set', 'resources', target, `--requests=${resource}=AMOUNT`);
    if (command) return [{ text: `give the containers a request for ${resource}: a share of it is what it counts`, command }];
  }
  if (kind === 'PodDisruptionBudget') {
    const text = 'more replicas, or a budget that lets one go: until then a drain of the node waits';
    return [{ text, command: kubectl(namespace, 'get', 'pods', '-l', `'${selectorOf(namespace, name, known.budgets)}'`) }];
  }
  if (kind === 'Namespace') {
    const text = reason === 'SomeFinalizersRemain' ? 'whoever set the finalizer does its work; or take it away' : 'see what is left in it';
    return [{ text, command: `kubectl get ${contentOf(name, known) ?? 'all'} -n ${name}` }];
  }
  return [{ text: 'everything that is known of it', command: kubectl(namespace, 'describe', wordOf(kind), name) }];
}

function targetOf(namespace: string | undefined, name: string, { autoscalers }: Known): string | undefined {
  const found = autoscalers.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const { kind = '', name: target } = found?.spec?.scaleTargetRef ?? {};
  return target && `${kind.toLowerCase()}/${target}`;
}

function selectorOf(namespace: string | undefined, name: string, budgets: policyV1.PodDisruptionBudget[]): string {
  const found = budgets.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  return Object.entries(found?.spec.selector?.matchLabels ?? {})
    .map((pair) => pair.join('='))
    .join(',');
}

/** As the namespace's condition names it: `configmaps has 1 resource instances`. */
function contentOf(name: string, { namespaces }: Known): string | undefined {
  const found = namespaces.find(({ metadata }) => metadata.name === name);
  const message = found?.status?.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')?.message ?? '';
  return /remaining: (\S+) has/.exec(message)?.[1];
}
