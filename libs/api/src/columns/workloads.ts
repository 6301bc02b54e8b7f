// `kubectl get deployments` and `kubectl get replicasets`.
import { type Column, selectorText } from '@berth/machinery';
import type { Deployment, ReplicaSet } from '../generated/apps-v1.types.ts';
import type { PodTemplateSpec } from '../generated/core-v1.types.ts';
import type { LabelSelector } from '../generated/meta-v1.types.ts';
import { ageColumn, count, nameColumn, none, text, wide } from './column.ts';

interface Workload {
  spec: { template?: PodTemplateSpec; selector?: LabelSelector };
}

function templateColumns<T extends Workload>(): Column<T>[] {
  const containers = (object: T) => object.spec.template?.spec?.containers ?? [];
  return [
    wide(
      text('Containers', 'Names of the containers in the template', (object) =>
        containers(object)
          .map((container) => container.name)
          .join(','),
      ),
    ),
    wide(
      text('Images', 'Images of the containers in the template', (object) =>
        containers(object)
          .map((container) => container.image ?? '')
          .join(','),
      ),
    ),
    wide(text('Selector', 'Labels of the pods that belong to it', (object) => selectorText(object.spec.selector) || none)),
  ];
}

export const deploymentColumns: Column<Deployment>[] = [
  nameColumn(),
  text('Ready', 'Pods that are ready, of those wanted', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  count('Up-to-date', 'Pods that have the current template', ({ status }) => status?.updatedReplicas),
  count('Available', 'Pods that have been ready for long enough', ({ status }) => status?.availableReplicas),
  ageColumn(),
  ...templateColumns<Deployment>(),
];

export const replicaSetColumns: Column<ReplicaSet>[] = [
  nameColumn(),
  count('Desired', 'Pods that are wanted', ({ spec }) => spec.replicas),
  count('Current', 'Pods that exist', ({ status }) => status?.replicas),
  count('Ready', 'Pods that are ready', ({ status }) => status?.readyReplicas),
  ageColumn(),
  ...templateColumns<ReplicaSet>(),
];
