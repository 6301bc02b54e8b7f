// What is done to objects of any kind, to nodes, and to CronJobs.
import type { batchV1 } from '@berth/api';
import { kubectlLine } from '../kubectl-line.ts';
import { collectionPath, kubectlName, objectPath, types } from '../resource-types.ts';
import type { Action } from './action.ts';
import { type Subject, simplePatch } from './subject.ts';

const jobNameMax = 63;

export function remove(subject: Subject): Action {
  const { type, namespace, name, object, title } = subject;
  return {
    id: 'delete',
    kind: subject.type.kind,
    label: 'Delete',
    title: `Delete ${title}`,
    effect: deletionEffect(subject),
    isDangerous: true,
    access: [subject.may('delete')],
    plan: () => ({
      request: {
        method: 'DELETE',
        path: objectPath(type, namespace, name),
        contentType: 'application/json',
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          // Not another of the same name that has come since.
          ...(object.metadata.uid && { preconditions: { uid: object.metadata.uid } }),
        },
      },
      kubectl: kubectlLine(namespace, 'delete', ...kubectlName(type, name).split('/')),
    }),
  };
}

function deletionEffect({ type, name, object }: Subject): string {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller);
  if (type.kind === 'Namespace') return `Everything in namespace ${name} is deleted with it. This cannot be undone.`;
  if (type.kind === 'Pod' && owner) return `${owner.kind} ${owner.name} replaces it with a new pod.`;
  if (type.kind === 'Pod') return 'It has no owner: nothing replaces it. This cannot be undone.';
  if (type.kind === 'CustomResourceDefinition') return 'All objects of its kind are deleted with it. This cannot be undone.';
  if (type.kind === 'PersistentVolumeClaim') return 'Its data is deleted too, unless its volume is retained. This cannot be undone.';
  if (owner) return `${owner.kind} ${owner.name}, which owns it, may make it again. What it owns is deleted with it.`;
  return 'What it owns is deleted with it. This cannot be undone.';
}

export function cordonOrUncordon(subject: Subject, isCordoned: boolean): Action {
  const verb = isCordoned ? 'uncordon' : 'cordon';
  return simplePatch(subject, {
    id: verb,
    label: isCordoned ? 'Uncordon' : 'Cordon',
    effect: isCordoned ? 'It takes new pods again.' : 'It takes no new pods; those that it runs go on.',
    body: { spec: { unschedulable: isCordoned ? null : true } },
    kubectl: kubectlLine(undefined, verb, subject.name),
  });
}

/** A job of the CronJob, outside its times. */
export function runNow(subject: Subject): Action {
  const { namespace, name, object } = subject;
  const { spec, metadata } = object as unknown as batchV1.CronJob;
  const jobName = (now: Date) => {
    const suffix = `-manual-${Math.floor(now.getTime() / 1_000).toString(36)}`;
    return name.slice(0, jobNameMax - suffix.length) + suffix;
  };
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name, uid: metadata.uid };
  return {
    id: 'run-now',
    kind: subject.type.kind,
    label: 'Run now',
    title: `Run ${subject.title} now`,
    effect: 'A job of its template starts at once, whatever its schedule.',
    access: [{ verb: 'create', group: 'batch', resource: 'jobs', namespace }],
    before: {},
    plan: (_value, now) => ({
      request: {
        method: 'POST',
        path: collectionPath(types.Job, namespace),
        contentType: 'application/json',
        body: {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: {
            name: jobName(now),
            annotations: { ...spec.jobTemplate.metadata?.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
            labels: spec.jobTemplate.metadata?.labels,
            ownerReferences: [owner],
          },
          spec: spec.jobTemplate.spec,
        },
      },
      kubectl: kubectlLine(namespace, 'create', 'job', jobName(now), `--from=cronjob/${name}`),
    }),
  };
}
