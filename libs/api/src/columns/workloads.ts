// `kubectl get deployments` and `kubectl get replicasets`.
import { type Column, selectorText } from '@berth/machinery';
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../generated/apps-v1.types.ts';
import type { PodTemplate, PodTemplateSpec, ReplicationController } from '../generated/core-v1.types.ts';
import type { LabelSelector } from '../generated/meta-v1.types.ts';
import { ageColumn, count, labelText, nameColumn, none, shownAsText, text, wide } from './column.ts';

interface Workload {
  spec?: { template?: PodTemplateSpec };
}

function containerColumns<T extends Workload>(): Column<T>[] {
  const containers = (object: T) => object.spec?.template?.spec?.containers ?? [];
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
  ];
}

/** @param noSelector what stands there for none */
function templateColumns<T extends Workload & { spec: { selector?: LabelSelector } }>(noSelector = none): Column<T>[] {
  const shown = (object: T) => selectorText(object.spec.selector) || noSelector;
  const selector = text<T>('Selector', 'Labels of the pods that belong to it', shown);
  return [...containerColumns<T>(), wide(selector)];
}

export const deploymentColumns: Column<Deployment>[] = [
  nameColumn(),
  text('Ready', 'Pods that are ready, of those wanted', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  shownAsText(count('Up-to-date', 'Pods that have the current template', ({ status }) => status?.updatedReplicas)),
  shownAsText(count('Available', 'Pods that have been ready for long enough', ({ status }) => status?.availableReplicas)),
  ageColumn(),
  ...templateColumns<Deployment>(''),
];

export const replicaSetColumns: Column<ReplicaSet>[] = [
  nameColumn(),
  count('Desired', 'Pods that are wanted', ({ spec }) => spec.replicas),
  count('Current', 'Pods that exist', ({ status }) => status?.replicas),
  count('Ready', 'Pods that are ready', ({ status }) => status?.readyReplicas),
  ageColumn(),
  ...templateColumns<ReplicaSet>(),
];

export const statefulSetColumns: Column<StatefulSet>[] = [
  nameColumn(),
  text('Ready', 'Pods that are ready, of those wanted', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  ageColumn(),
  ...containerColumns<StatefulSet>(),
];

export const daemonSetColumns: Column<DaemonSet>[] = [
  nameColumn(),
  count('Desired', 'Nodes that are to run a pod', ({ status }) => status?.desiredNumberScheduled),
  count('Current', 'Nodes that run the pod they are to run', ({ status }) => status?.currentNumberScheduled),
  count('Ready', 'Nodes whose pod is ready', ({ status }) => status?.numberReady),
  count('Up-to-date', 'Nodes whose pod has the current template', ({ status }) => status?.updatedNumberScheduled),
  count('Available', 'Nodes whose pod has been ready for long enough', ({ status }) => status?.numberAvailable),
  text('Node Selector', 'Labels of the nodes that are to run a pod', ({ spec }) => labelText(spec.template?.spec?.nodeSelector)),
  ageColumn(),
  ...templateColumns<DaemonSet>(),
];

export const controllerRevisionColumns: Column<ControllerRevision>[] = [
  nameColumn(),
  text('Controller', 'What it is a revision of', ({ metadata }) => {
    const owner = metadata.ownerReferences?.find((reference) => reference.controller);
    if (!owner) return none;
    const { apiVersion = '', kind = '' } = owner;
    const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
    return `${kind.toLowerCase()}${group}/${owner.name}`;
  }),
  shownAsText(count('Revision', 'Its number', ({ revision }) => revision)),
  ageColumn(),
];

export const replicationControllerColumns: Column<ReplicationController>[] = [
  nameColumn(),
  count('Desired', 'Pods that are wanted', ({ spec }) => spec?.replicas),
  count('Current', 'Pods that exist', ({ status }) => status?.replicas),
  count('Ready', 'Pods that are ready', ({ status }) => status?.readyReplicas),
  ageColumn(),
  ...containerColumns<ReplicationController>(),
  wide(text('Selector', 'Labels of the pods that belong to it', ({ spec }) => labelText(spec?.selector))),
];

export const podTemplateColumns: Column<PodTemplate>[] = [
  nameColumn(),
  text('Containers', 'Names of the containers', ({ template }) => template?.spec?.containers?.map((container) => container.name).join(',')),
  text('Images', 'Images of the containers', ({ template }) => template?.spec?.containers?.map((container) => container.image).join(',')),
  text('Pod Labels', 'Labels of the pods', ({ template }) => labelText(template?.metadata?.labels)),
];
