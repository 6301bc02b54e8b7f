// Defaults of what makes pods from a template.
import type { Deployment, ReplicaSet } from '../generated/apps-v1.types.ts';
import { defaultPodTemplate } from './pod-spec.ts';

export function defaultDeployment(deployment: Deployment): void {
  deployment.spec ??= { template: {} };
  const { spec } = deployment;
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

export function defaultReplicaSet(replicaSet: ReplicaSet): void {
  replicaSet.spec ??= {};
  replicaSet.spec.replicas ??= 1;
  replicaSet.spec.template ??= {};
  defaultPodTemplate(replicaSet.spec.template);
}
