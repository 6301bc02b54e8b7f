// What Kubernetes warns of in objects that make pods: names that end up in host names, and their templates. An update is looked
// at when it is a new generation.
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../generated/apps-v1.types.ts';
import type { CronJob, Job, JobSpec } from '../generated/batch-v1.types.ts';
import type { PodTemplate, PodTemplateSpec, ReplicationController } from '../generated/core-v1.types.ts';
import { populateWarnings } from '../populate-annotation.ts';
import { isEqual } from '../validation/changes.ts';
import { claimSpecWarnings } from './claim-spec.ts';
import { hostnameWarnings, podTemplateWarnings } from './pod.ts';
import { podSpecWarnings } from './pod-spec.ts';

interface Named {
  metadata: { name: string; generation?: number };
}

const podNames = 'Pod names and hostnames';
const completionsSoftLimit = 100_000;
const parallelismSoftLimit = 10_000;

function isNewGeneration(object: Named, old: Named | undefined): boolean {
  return object.metadata.generation !== old?.metadata.generation;
}

function nameWarnings({ metadata }: Named, old: Named | undefined): string[] {
  return old ? [] : hostnameWarnings(metadata.name, podNames);
}

/** Kubernetes' warnings about a template, if it is new, and Berth's own. */
function templateWarnings(template: PodTemplateSpec | undefined, field: string, isNew: boolean): string[] {
  const own = [
    ...podSpecWarnings(template?.spec, `${field}.spec`),
    ...populateWarnings(template?.metadata?.annotations, `${field}.metadata`),
  ];
  return [...(isNew ? podTemplateWarnings(template, field) : []), ...own];
}

export function deploymentWarnings(object: Deployment | ReplicaSet, old?: Deployment | ReplicaSet): string[] {
  const { template } = object.spec;
  return [...nameWarnings(object, old), ...templateWarnings(template, 'spec.template', isNewGeneration(object, old))];
}

export function replicationControllerWarnings(object: ReplicationController, old?: ReplicationController): string[] {
  const field = 'spec.template';
  const { template } = object.spec ?? {};
  // At an update Kubernetes looks at the template as it was.
  const judged = isNewGeneration(object, old) ? podTemplateWarnings(old ? old.spec?.template : template, field) : [];
  return [...nameWarnings(object, old), ...judged, ...templateWarnings(template, field, false)];
}

export function daemonSetWarnings({ spec }: DaemonSet, old?: DaemonSet): string[] {
  return templateWarnings(spec.template, 'spec.template', !old || !isEqual(spec.template, old.spec.template));
}

export function statefulSetWarnings(object: StatefulSet, old?: StatefulSet): string[] {
  const { template, volumeClaimTemplates = [], revisionHistoryLimit = 0 } = object.spec;
  const limit = 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
  return [
    ...templateWarnings(template, 'spec.template', isNewGeneration(object, old)),
    ...volumeClaimTemplates.flatMap(({ metadata, spec }, index) => [
      ...claimSpecWarnings(spec, `spec.volumeClaimTemplates[${index}]${old ? '.Spec' : ''}`),
      ...populateWarnings(metadata?.annotations, `spec.volumeClaimTemplates[${index}].metadata`),
    ]),
    ...(revisionHistoryLimit < 0 ? [limit] : []),
  ];
}

export function podTemplateObjectWarnings(object: PodTemplate, old?: PodTemplate): string[] {
  return templateWarnings(object.template, 'template', isNewGeneration(object, old));
}

export function jobWarnings(object: Job, old?: Job): string[] {
  return [...nameWarnings(object, old), ...jobSpecWarnings(object.spec, 'spec', isNewGeneration(object, old))];
}

export function cronJobWarnings(object: CronJob, old?: CronJob): string[] {
  const { spec } = object.spec.jobTemplate;
  return [...nameWarnings(object, old), ...jobSpecWarnings(spec, 'spec.jobTemplate.spec', isNewGeneration(object, old))];
}

function jobSpecWarnings(spec: JobSpec | undefined, field: string, isNew: boolean): string[] {
  if (!spec) return [];
  const { completionMode, completions = 0, parallelism = 0 } = spec;
  const isLarge = completionMode === 'Indexed' && completions > completionsSoftLimit && parallelism > parallelismSoftLimit;
  const message =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [...(isNew && isLarge ? [`${field}: ${message}`] : []), ...templateWarnings(spec.template, `${field}.template`, isNew)];
}
