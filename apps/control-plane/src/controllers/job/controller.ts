// Runs pods until a job is done. What it watches, what it alone writes, and how it finds its pods; plan.ts decides.
import { Job, Pod } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { controllerIndex, controllerIndexValues, controllerKey, controllerOf } from '../ownership.ts';
import { isTracked, untrack } from './job-pods.ts';
import { type ObservedJob, planJob } from './plan.ts';

/** Pods that carry the finalizer and have no job: by the key of the job that they had. */
const trackedIndex = 'tracked by job';
const jobNameLabel = 'batch.kubernetes.io/job-name';

export type Observed = ObservedJob | { abandoned: Pod[]; key: { namespace: string; name: string } };

function jobKeyOf(pod: Pod): string[] {
  if (controllerOf(pod)) return controllerKey(pod, erased(Job));
  const name = pod.metadata.labels?.[jobNameLabel];
  return name && isTracked(pod) ? [keyOf({ metadata: { namespace: pod.metadata.namespace ?? '', name } })] : [];
}

export const jobController: Controller<Observed> = {
  name: 'job-controller',
  owns: ['Job.status', 'Pod.metadata.finalizers[batch.kubernetes.io/job-tracking]'],
  watches: [watches(Job, (job) => [keyOf(job)]), watches(Pod, jobKeyOf)],
  prepare(caches) {
    caches.of(Pod).addIndex(controllerIndex, controllerIndexValues);
    caches.of(Pod).addIndex(trackedIndex, (pod) => (isTracked(pod) ? jobKeyOf(pod) : []));
  },
  observe(key, caches) {
    const job = caches.of(Job).get(key);
    const abandoned = caches
      .of(Pod)
      .byIndex(trackedIndex, key)
      .filter((pod) => !job || controllerOf(pod)?.uid !== job.metadata.uid);
    if (abandoned.length > 0) {
      const [namespace = '', name = ''] = key.split('/');
      return { abandoned, key: { namespace, name } };
    }
    return job && { job, pods: caches.of(Pod).byIndex(controllerIndex, job.metadata.uid ?? '') };
  },
  plan: (observed, now) => ('job' in observed ? planJob(observed, now) : planAbandoned(observed.abandoned, observed.key)),
};

/** Nobody counts these any more, so nothing may hold them back. */
function planAbandoned(pods: Pod[], key: { namespace: string; name: string }): Action[] {
  return pods.map((pod): Action => {
    const uid = controllerOf(pod)?.uid;
    if (uid === undefined) return untrack(pod);
    return { type: 'ifAbsent', kind: erased(Job), key, uid, actions: [untrack(pod)] };
  });
}
