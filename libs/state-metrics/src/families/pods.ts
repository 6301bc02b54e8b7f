// kube_pod_*: what pods are, where, and how they are.
import { Pod } from '@berth/api';
import { type Family, gauge, info, type KindFamilies, lifeTimes, oneOf, owners, samplesOf, seconds, truthOf, value } from '../family.ts';
import { amount } from '../resources.ts';
import { containerFamilies } from './containers.ts';

const phases = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'];
const qosClasses = ['BestEffort', 'Burstable', 'Guaranteed'];
/** Those that others' rules look for; further ones are told as they are. */
const reasons = ['Evicted', 'NodeAffinity', 'NodeLost', 'Shutdown', 'UnexpectedAdmissionError'];

export const pods: KindFamilies<Pod> = {
  kind: Pod,
  identity: ({ metadata: { namespace, name, uid } }) => ({ namespace, pod: name, uid }),
  families: [...identityFamilies(), ...statusFamilies(), ...containerFamilies('container'), ...containerFamilies('init_container')],
};

function identityFamilies(): Family<Pod>[] {
  return [
    info('kube_pod_info', 'What a pod is and where.', ({ metadata, spec, status }) => {
      const creator = metadata.ownerReferences?.find(({ controller }) => controller);
      return {
        host_ip: status?.hostIP,
        pod_ip: status?.podIP,
        node: spec.nodeName,
        created_by_kind: creator?.kind,
        created_by_name: creator?.name,
        priority_class: spec.priorityClassName,
        host_network: String(spec.hostNetwork ?? false),
      };
    }),
    gauge('kube_pod_ips', 'Addresses of a pod.', ({ status }) =>
      (status?.podIPs ?? []).map(({ ip }) => ({ labels: { ip, ip_family: ip.includes(':') ? '6' : '4' }, value: 1 })),
    ),
    owners('kube_pod_owner'),
    ...lifeTimes<Pod>('kube_pod'),
    info('kube_pod_restart_policy', 'When containers of a pod are restarted.', ({ spec }) => ({ type: spec.restartPolicy ?? 'Always' })),
    info('kube_pod_service_account', 'What a pod acts as.', ({ spec }) => ({ service_account: spec.serviceAccountName })),
    info('kube_pod_scheduler', 'Who chooses the node of a pod.', ({ spec }) => ({ name: spec.schedulerName })),
    info('kube_pod_runtimeclass_name_info', 'The runtime class of a pod.', ({ spec }) =>
      spec.runtimeClassName ? { runtimeclass_name: spec.runtimeClassName } : undefined,
    ),
    gauge('kube_pod_tolerations', 'Taints that a pod tolerates.', ({ spec }) =>
      (spec.tolerations ?? []).map(({ key, operator, value: of, effect, tolerationSeconds }) => ({
        labels: { key, operator, value: of, effect, toleration_seconds: tolerationSeconds?.toString() },
        value: 1,
      })),
    ),
    value('kube_pod_overhead_cpu_cores', 'CPU that running a pod takes beside its containers.', ({ spec }) => amount(spec.overhead?.cpu)),
    value('kube_pod_overhead_memory_bytes', 'Memory that running a pod takes beside its containers.', ({ spec }) =>
      amount(spec.overhead?.memory),
    ),
    gauge('kube_pod_spec_volumes_persistentvolumeclaims_info', 'Claims that a pod uses.', (pod) => claims(pod, () => 1)),
    gauge('kube_pod_spec_volumes_persistentvolumeclaims_readonly', 'Whether a pod only reads from a claim.', (pod) =>
      claims(pod, (readOnly) => readOnly),
    ),
  ];
}

function claims({ metadata, spec }: Pod, of: (readOnly: boolean) => number | boolean) {
  return samplesOf(
    (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
      const claim = persistentVolumeClaim?.claimName ?? (ephemeral && `${metadata.name}-${name}`);
      const labels = { volume: name, persistentvolumeclaim: claim, ephemeral: String(ephemeral !== undefined) };
      return claim ? [[labels, of(persistentVolumeClaim?.readOnly ?? false)] as [typeof labels, number | boolean]] : [];
    }),
  );
}

function statusFamilies(): Family<Pod>[] {
  return [
    gauge('kube_pod_status_phase', 'The phase of a pod.', ({ status }) => oneOf('phase', phases, status?.phase)),
    gauge('kube_pod_status_qos_class', 'The quality of service of a pod.', ({ status }) =>
      oneOf('qos_class', qosClasses, status?.qosClass),
    ),
    gauge('kube_pod_status_ready', 'Whether a pod is ready.', ({ status }) => truthOf(status?.conditions, 'Ready')),
    gauge('kube_pod_status_scheduled', 'Whether a pod has a node.', ({ status }) => truthOf(status?.conditions, 'PodScheduled')),
    gauge('kube_pod_status_reason', 'Why a pod is in its phase.', ({ status }) => {
      const reason = status?.reason;
      return oneOf('reason', !reason || reasons.includes(reason) ? reasons : [...reasons, reason], reason);
    }),
    value('kube_pod_status_unschedulable', 'One for a pod that fits no node.', ({ status }) =>
      status?.conditions?.some(({ type, status: is, reason }) => type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable')
        ? 1
        : undefined,
    ),
    value('kube_pod_start_time', 'When the node took a pod, in seconds since 1970.', ({ status }) => seconds(status?.startTime)),
    value('kube_pod_completion_time', 'When the last container of a pod ended, in seconds since 1970.', completedAt),
    since('kube_pod_status_scheduled_time', 'When a pod got its node, in seconds since 1970.', 'PodScheduled'),
    since('kube_pod_status_initialized_time', "When a pod's init containers were done, in seconds since 1970.", 'Initialized'),
    since('kube_pod_status_ready_time', 'When a pod became ready, in seconds since 1970.', 'Ready'),
    since('kube_pod_status_container_ready_time', "When a pod's containers became ready, in seconds since 1970.", 'ContainersReady'),
  ];
}

/** Since when a condition holds. */
function since(name: string, help: string, type: string): Family<Pod> {
  return value(name, help, ({ status }) => {
    const condition = status?.conditions?.find((one) => one.type === type && one.status === 'True');
    return seconds(condition?.lastTransitionTime);
  });
}

function completedAt({ status }: Pod): number | undefined {
  if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') return undefined;
  const ends = (status.containerStatuses ?? []).flatMap(({ state }) => seconds(state?.terminated?.finishedAt) ?? []);
  return ends.length > 0 ? Math.max(...ends) : undefined;
}
