// A pod of a job, as its template says; pods of an indexed job are told their index by name, label and environment.
import type { Job, Pod } from '@berth/api';
import { controllerReference } from '../ownership.ts';
import { type IndexFailures, ignoredFailuresAnnotation, indexAnnotation, indexFailuresAnnotation, trackingFinalizer } from './job-pods.ts';

type Container = Pod['spec']['containers'][number];

/** @param task which index the pod works on, and how often that failed so far */
export function newPod(job: Job, task?: { index: number; failures: IndexFailures }): Pod {
  const { name, namespace } = job.metadata;
  const { metadata = {}, spec = { containers: [] } } = job.spec.template;
  const countsFailures = job.spec.backoffLimitPerIndex !== undefined;
  const annotations = {
    ...metadata.annotations,
    ...(task && { [indexAnnotation]: String(task.index) }),
    ...(task && countsFailures && { [indexFailuresAnnotation]: String(task.failures.counted) }),
    ...(task && countsFailures && task.failures.ignored > 0 && { [ignoredFailuresAnnotation]: String(task.failures.ignored) }),
  };
  const labels = { ...metadata.labels, ...(task && { [indexAnnotation]: String(task.index) }) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: task ? `${name}-${task.index}-` : `${name}-`,
      namespace: namespace ?? '',
      labels,
      ...(Object.keys(annotations).length > 0 && { annotations }),
      finalizers: [...(metadata.finalizers ?? []), trackingFinalizer],
      ownerReferences: [controllerReference(job)],
    },
    spec: task ? indexed(spec, `${name}-${task.index}`) : spec,
  };
}

function indexed(spec: Pod['spec'], hostname: string): Pod['spec'] {
  return {
    ...spec,
    hostname: spec.hostname || hostname,
    containers: spec.containers.map(withIndex),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(withIndex) }),
  };
}

function withIndex(container: Container): Container {
  const name = 'JOB_COMPLETION_INDEX';
  if (container.env?.some((variable) => variable.name === name)) return container;
  const fieldRef = { fieldPath: `metadata.labels['${indexAnnotation}']` };
  return { ...container, env: [...(container.env ?? []), { name, valueFrom: { fieldRef } }] };
}
