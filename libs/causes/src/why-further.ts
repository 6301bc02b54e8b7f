// Why CronJobs, Ingresses, autoscalers, disruption budgets and namespaces are not well.
import type { batchV1 } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type { Problem, ProblemKind } from './problem.ts';
import { stepsOf, wordOf } from './problem-steps.ts';
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
  const found = problemOf('CronJob', cronJob, known);
  if (found) return whyFound(found, known);
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

/** Of kinds that nothing else lies behind. */
export function whyProblem(kind: ProblemKind, object: KubeObject, known: Known): Why {
  const found = problemOf(kind, object, known);
  return found ? whyFound(found, known) : well(objectName(wordOf(kind), object), 'nothing is known to be wrong with it');
}

/** What was found to be wrong with it, the worst first. */
export function problemOf(kind: ProblemKind, { metadata: { namespace, name } }: KubeObject, known: Known): Problem | undefined {
  const found = findProblems(known, known.now).filter(
    (problem) => problem.kind === kind && problem.name === name && (problem.namespace ?? '') === (namespace ?? ''),
  );
  return found.find(({ severity }) => severity === 'error') ?? found[0];
}

export function whyFound(problem: Problem, known: Known): Why {
  const { kind, name, reason, message, since } = problem;
  return unwell(`${wordOf(kind)}/${name}`, { reason, says: message, ...(since && { since }) }, stepsOf(problem, known));
}
