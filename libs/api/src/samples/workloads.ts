// The smallest valid object of every apps, batch, autoscaling and policy kind.
import type * as apps from '../generated/apps-v1.types.ts';
import type { HorizontalPodAutoscaler } from '../generated/autoscaling-v2.types.ts';
import type { CronJob, Job } from '../generated/batch-v1.types.ts';
import type { PodTemplateSpec } from '../generated/core-v1.types.ts';
import type { PodDisruptionBudget } from '../generated/policy-v1.types.ts';
import { sampleDeployment } from '../samples.ts';

const metadata = { name: 'sample', namespace: 'default' };
const selector = { matchLabels: { app: 'web' } };

function template(restartPolicy?: 'Never'): PodTemplateSpec {
  return {
    metadata: { name: '', labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'nginx' }], ...(restartPolicy && { restartPolicy }) },
  };
}

export const workloadSamples = {
  ControllerRevision: (): apps.ControllerRevision => ({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata,
    data: { spec: {} },
    revision: 1,
  }),
  CronJob: (): CronJob => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata,
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: template('Never') } } },
  }),
  DaemonSet: (): apps.DaemonSet => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector, template: template() } }),
  Deployment: () => sampleDeployment(),
  HorizontalPodAutoscaler: (): HorizontalPodAutoscaler => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 },
  }),
  Job: (): Job => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    // Without these, a selector is made of the uid that the server gives.
    spec: { manualSelector: true, selector, template: template('Never') },
  }),
  PodDisruptionBudget: (): PodDisruptionBudget => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { minAvailable: 1, selector },
  }),
  ReplicaSet: (): apps.ReplicaSet => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: { selector, template: template() } }),
  StatefulSet: (): apps.StatefulSet => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: { selector, serviceName: 'web', template: template() },
  }),
};
