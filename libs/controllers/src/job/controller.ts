// Runs pods until a job is done. What it watches, what it alone writes, and how it finds its pods; plan.ts decides.
import { Job, Pod } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { adoption } from '../adoption.ts';
import { controllerKey, controllerOf, isControlledBy } from '../ownership.ts';
import { type BackOff, noBackOff, noteEnds } from './back-off.ts';
import { isTracked, untrack } from './job-pods.ts';
import { isFinished } from './outcome.ts';
import { type ObservedJob, planJob } from './plan.ts';

/** Pods that carry the finalizer, by the key of the job that they have or had. */
const trackedIndex = 'tracked by job';
/** Before the key of a pod that carries the finalizer and belongs to nobody. */
const orphan = 'orphan|';

export type Observed = ObservedJob | { abandoned: Pod[] };

function jobKeyOf(pod: Pod): string[] {
  if (controllerOf(pod)) return controllerKey(pod, erased(Job));
  return isTracked(pod) ? [orphan + keyOf(pod)] : [];
}

const adopted = adoption(Job, Pod, ({ spec }) => spec.selector);

export function jobController(): Controller<Observed> {
  /** By the jobs' keys; forgotten when a job ends or goes. */
  const backOffs = new Map<string, { uid: string; backOff: BackOff }>();
  const backOffOf = (key: string, job: Job, pods: Pod[]): BackOff => {
    const uid = job.metadata.uid ?? '';
    const known = backOffs.get(key);
    const own = pods.filter((pod) => isControlledBy(pod, job));
    const backOff = noteEnds(known?.uid === uid ? known.backOff : noBackOff, job, own);
    backOffs.set(key, { uid, backOff });
    return backOff;
  };
  return {
    name: 'job-controller',
    owns: ['Job.status', 'Pod.metadata.finalizers[batch.kubernetes.io/job-tracking]', 'Pod.metadata.ownerReferences[Job]'],
    writes: ['jobs.batch', 'jobs.batch/status', 'pods'],
    watches: [watches(Job, (job) => [keyOf(job)]), watches(Pod, jobKeyOf), adopted.watch],
    prepare(caches) {
      adopted.prepare(caches);
      caches.of(Pod).addIndex(trackedIndex, (pod) => (isTracked(pod) ? jobKeyOf(pod) : []));
    },
    observe(key, caches) {
      if (key.startsWith(orphan)) {
        const pod = caches.of(Pod).get(key.slice(orphan.length));
        return pod && !controllerOf(pod) && isTracked(pod) ? { abandoned: [pod] } : undefined;
      }
      const job = caches.of(Job).get(key);
      if (!job || isFinished(job)) backOffs.delete(key);
      const abandoned = caches
        .of(Pod)
        .byIndex(trackedIndex, key)
        .filter((pod) => !job || controllerOf(pod)?.uid !== job.metadata.uid);
      if (abandoned.length > 0) return { abandoned };
      if (!job) return undefined;
      const pods = adopted.candidates(job, caches);
      return { job, pods, backOff: isFinished(job) ? noBackOff : backOffOf(key, job, pods) };
    },
    plan: (observed, now) => ('job' in observed ? planJob(observed, now) : planAbandoned(observed.abandoned)),
  };
}

/** Nobody counts these any more, so nothing may hold them back. */
function planAbandoned(pods: Pod[]): Action[] {
  return pods.map((pod): Action => {
    const owner = controllerOf(pod);
    if (!owner) return untrack(pod);
    const key = { namespace: pod.metadata.namespace ?? '', name: owner.name };
    return { type: 'ifAbsent', kind: erased(Job), key, uid: owner.uid, actions: [untrack(pod)] };
  });
}
