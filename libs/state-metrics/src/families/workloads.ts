// Metrics of what keeps a number of pods running: Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet.
import { DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { conditionSamples, type Family, gauge, info, type KindFamilies, lifeTimes, named, owners, value } from '../family.ts';

interface Workload extends KubeObject {
  status?: object;
}

interface Replicated extends Workload {
  spec?: { replicas?: number };
}

/** Counts in the status under the metric's name, 0 where the status leaves them out. */
function counts<T extends Workload>(prefix: string, fields: Record<string, string>): Family<T>[] {
  return Object.entries(fields).map(([suffix, field]) =>
    value<T>(`${prefix}_${suffix}`, `The count that status.${field} is.`, ({ status }) => {
      const found = status && (status as Record<string, unknown>)[field];
      return typeof found === 'number' ? found : 0;
    }),
  );
}

function generations<T extends Workload>(prefix: string): Family<T>[] {
  return [
    value(`${prefix}_metadata_generation`, 'How often what is wanted has changed.', ({ metadata }) => metadata.generation),
    ...counts<T>(prefix, { status_observed_generation: 'observedGeneration' }),
    ...lifeTimes<T>(prefix),
  ];
}

export const deployments: KindFamilies<Deployment> = {
  kind: Deployment,
  identity: named('deployment'),
  families: [
    ...counts<Deployment>('kube_deployment', {
      status_replicas: 'replicas',
      status_replicas_ready: 'readyReplicas',
      status_replicas_available: 'availableReplicas',
      status_replicas_unavailable: 'unavailableReplicas',
      status_replicas_updated: 'updatedReplicas',
    }),
    ...generations<Deployment>('kube_deployment'),
    gauge('kube_deployment_status_condition', 'Conditions of a Deployment.', ({ status }) =>
      conditionSamples(status?.conditions, { reason: 'reason' }),
    ),
    value('kube_deployment_spec_replicas', 'Pods wanted.', ({ spec }) => spec.replicas),
    value('kube_deployment_spec_paused', 'Whether changes wait.', ({ spec }) => spec.paused ?? false),
    value('kube_deployment_spec_strategy_rollingupdate_max_unavailable', 'Pods that may be missing during an update.', ({ spec }) =>
      share(spec.strategy?.rollingUpdate?.maxUnavailable, spec.replicas, Math.floor),
    ),
    value('kube_deployment_spec_strategy_rollingupdate_max_surge', 'Pods above those wanted during an update.', ({ spec }) =>
      share(spec.strategy?.rollingUpdate?.maxSurge, spec.replicas, Math.ceil),
    ),
    owners('kube_deployment_owner'),
  ],
};

/** A number, or a percentage of the replicas. */
function share(of: number | string | undefined, replicas: number | undefined, round: (value: number) => number): number | undefined {
  if (typeof of !== 'string') return of;
  return of.endsWith('%') ? round((Number(of.slice(0, -1)) * (replicas ?? 1)) / 100) : Number(of);
}

function replicaFamilies<T extends Replicated>(prefix: string): Family<T>[] {
  return [
    ...counts<T>(prefix, {
      status_replicas: 'replicas',
      status_fully_labeled_replicas: 'fullyLabeledReplicas',
      status_ready_replicas: 'readyReplicas',
    }),
    ...generations<T>(prefix),
    value<T>(`${prefix}_spec_replicas`, 'Pods wanted.', ({ spec }) => spec?.replicas),
    owners<T>(`${prefix}_owner`),
  ];
}

export const replicaSets: KindFamilies<ReplicaSet> = {
  kind: ReplicaSet,
  identity: named('replicaset'),
  families: replicaFamilies<ReplicaSet>('kube_replicaset'),
};

export const replicationControllers: KindFamilies<ReplicationController> = {
  kind: ReplicationController,
  identity: named('replicationcontroller'),
  families: [
    ...replicaFamilies<ReplicationController>('kube_replicationcontroller'),
    ...counts<ReplicationController>('kube_replicationcontroller', { status_available_replicas: 'availableReplicas' }),
  ],
};

export const statefulSets: KindFamilies<StatefulSet> = {
  kind: StatefulSet,
  identity: named('statefulset'),
  families: [
    ...counts<StatefulSet>('kube_statefulset', {
      status_replicas: 'replicas',
      status_replicas_current: 'currentReplicas',
      status_replicas_ready: 'readyReplicas',
      status_replicas_available: 'availableReplicas',
      status_replicas_updated: 'updatedReplicas',
    }),
    ...generations<StatefulSet>('kube_statefulset'),
    value('kube_statefulset_replicas', 'Pods wanted.', ({ spec }) => spec?.replicas),
    value('kube_statefulset_ordinals_start', 'The first ordinal.', ({ spec }) => spec?.ordinals?.start),
    info('kube_statefulset_persistentvolumeclaim_retention_policy', 'When claims go with their pods.', ({ spec }) => {
      const policy = spec?.persistentVolumeClaimRetentionPolicy;
      return policy && { when_deleted: policy.whenDeleted, when_scaled: policy.whenScaled };
    }),
    info('kube_statefulset_status_current_revision', 'The revision that is being replaced.', ({ status }) => ({
      revision: status?.currentRevision,
    })),
    info('kube_statefulset_status_update_revision', 'The revision that is wanted.', ({ status }) => ({ revision: status?.updateRevision })),
  ],
};

export const daemonSets: KindFamilies<DaemonSet> = {
  kind: DaemonSet,
  identity: named('daemonset'),
  families: [
    ...counts<DaemonSet>('kube_daemonset', {
      status_current_number_scheduled: 'currentNumberScheduled',
      status_desired_number_scheduled: 'desiredNumberScheduled',
      status_number_available: 'numberAvailable',
      status_number_misscheduled: 'numberMisscheduled',
      status_number_ready: 'numberReady',
      status_number_unavailable: 'numberUnavailable',
      status_updated_number_scheduled: 'updatedNumberScheduled',
    }),
    ...generations<DaemonSet>('kube_daemonset'),
  ],
};
