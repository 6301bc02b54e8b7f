// Which metrics are kept for a day: those that dashboards and rules of a cluster need, and no more, as each series costs memory. What
// Prometheus scrapes has all.

/** Of objects, by the names of kube-state-metrics. */
export const keptOfObjects: ReadonlySet<string> = new Set(
  [
    'kube_node_info kube_node_status_condition kube_node_status_allocatable kube_node_status_capacity kube_node_spec_unschedulable',
    'kube_pod_info kube_pod_owner kube_pod_status_phase kube_pod_status_reason',
    'kube_pod_container_status_restarts_total kube_pod_container_status_waiting_reason kube_pod_container_status_last_terminated_reason',
    'kube_pod_container_resource_requests kube_pod_container_resource_limits',
    'kube_replicaset_owner kube_job_owner',
    'kube_deployment_spec_replicas kube_deployment_status_replicas_available kube_deployment_status_replicas_updated',
    'kube_deployment_status_observed_generation kube_deployment_metadata_generation kube_deployment_status_condition',
    'kube_statefulset_replicas kube_statefulset_status_replicas_ready kube_statefulset_status_replicas_updated',
    'kube_daemonset_status_desired_number_scheduled kube_daemonset_status_number_ready kube_daemonset_status_number_misscheduled',
    'kube_daemonset_status_updated_number_scheduled kube_daemonset_status_number_available',
    'kube_job_status_failed kube_job_status_active kube_job_failed kube_cronjob_next_schedule_time',
    'kube_horizontalpodautoscaler_spec_max_replicas kube_horizontalpodautoscaler_spec_min_replicas',
    'kube_horizontalpodautoscaler_status_current_replicas kube_horizontalpodautoscaler_status_desired_replicas',
    'kube_persistentvolumeclaim_info kube_persistentvolumeclaim_status_phase kube_persistentvolumeclaim_resource_requests_storage_bytes',
    'kube_persistentvolume_status_phase kube_namespace_status_phase kube_resourcequota',
    'kube_poddisruptionbudget_status_current_healthy kube_poddisruptionbudget_status_desired_healthy',
  ].flatMap((names) => names.split(' ')),
);

/** Of which a value of 0 says no more than that there is none: most of them are, of five phases or many reasons. */
export const droppedAtZero: ReadonlySet<string> = new Set(
  [
    'kube_pod_status_phase kube_pod_status_reason kube_pod_container_status_waiting_reason kube_pod_container_status_last_terminated_reason',
    'kube_persistentvolumeclaim_status_phase kube_persistentvolume_status_phase kube_namespace_status_phase kube_deployment_status_condition',
  ].flatMap((names) => names.split(' ')),
);

/** Labels that make a series of every generation of a pod without anybody asking for them. */
export const droppedLabels: ReadonlySet<string> = new Set(['uid', 'pod_ip', 'host_ip', 'container_id', 'image_id']);

/** Of this process: name → the labels that stay; values that differ in others are added up. */
export const keptOfProcess: ReadonlyMap<string, readonly string[]> = new Map([
  ['apiserver_request_total', ['verb', 'resource', 'code']],
  ['apiserver_request_duration_seconds', ['verb', 'le']],
  ['apiserver_longrunning_requests', ['verb', 'resource']],
  ['apiserver_current_inflight_requests', ['request_kind']],
  ['apiserver_flowcontrol_rejected_requests_total', ['priority_level', 'reason']],
  ['apiserver_flowcontrol_current_inqueue_requests', ['priority_level']],
  ['scheduler_pending_pods', ['queue']],
  ['scheduler_schedule_attempts_total', ['result']],
  ['scheduler_pod_scheduling_sli_duration_seconds', ['le']],
  ['scheduler_preemption_attempts_total', []],
  ['workqueue_depth', ['name']],
  ['workqueue_adds_total', ['name']],
  ['workqueue_retries_total', ['name']],
  ['rest_client_requests_total', ['code', 'method']],
  ['process_cpu_seconds_total', []],
  ['process_resident_memory_bytes', []],
  ['process_start_time_seconds', []],
  ['process_open_fds', []],
  ['nodejs_eventloop_lag_p99_seconds', []],
  ['nodejs_heap_size_used_bytes', []],
  ['berth_store_revision', []],
  ['berth_certificate_ttl_seconds', ['certificate']],
  ['berth_watchers_dropped_total', ['resource']],
]);

/** Measured only when another is read: prom-client measures what comes from one source together. */
export const measuredWith: ReadonlyMap<string, string> = new Map([
  ['nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_lag_seconds'],
  ['nodejs_heap_size_used_bytes', 'nodejs_heap_size_total_bytes'],
]);

/** What agents may say: the names that they have, of their node alone. */
export const ofNodes = /^(?:container|machine|node|kubelet)_\w+$/;

/** As in deploy/prometheus.yml, so that the same expressions find their data here and there. */
export function jobOf(name: string): string {
  if (name.startsWith('container_') || name.startsWith('machine_')) return 'cadvisor';
  if (name.startsWith('node_')) return 'node-exporter';
  if (name.startsWith('kubelet_')) return 'kubelet';
  if (name.startsWith('kube_')) return 'kube-state-metrics';
  if (name.startsWith('scheduler_')) return 'kube-scheduler';
  return name.startsWith('workqueue_') ? 'kube-controller-manager' : 'kube-apiserver';
}
