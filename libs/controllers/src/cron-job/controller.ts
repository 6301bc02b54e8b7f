// Makes jobs by a schedule. What it watches, what it alone writes, and how it finds its jobs; plan.ts decides.
import { CronJob, Job } from '@berth/api';
import { type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { controllerIndex, controllerIndexValues, controllerKey } from '../ownership.ts';
import { type ObservedCronJob, planCronJob } from './plan.ts';

/** @param timeZone of schedules that name none */
export function cronJobController(timeZone: string): Controller<ObservedCronJob> {
  return {
    name: 'cronjob-controller',
    owns: ['CronJob.status'],
    writes: ['cronjobs.batch/status', 'jobs.batch'],
    watches: [watches(CronJob, (cronJob) => [keyOf(cronJob)]), watches(Job, (job) => controllerKey(job, erased(CronJob)))],
    prepare(caches) {
      caches.of(Job).addIndex(controllerIndex, controllerIndexValues);
    },
    observe(key, caches) {
      const cronJob = caches.of(CronJob).get(key);
      return cronJob && { cronJob, timeZone, jobs: caches.of(Job).byIndex(controllerIndex, cronJob.metadata.uid ?? '') };
    },
    plan: planCronJob,
  };
}
