// kube_node_*, kube_namespace_* and kube_lease_*: the cluster itself.
import { Lease, Namespace, Node } from '@berth/api';
import { conditionSamples, gauge, info, type KindFamilies, lifeTimes, named, oneOf, seconds, value } from '../family.ts';
import { resourceSamples } from '../resources.ts';

const rolePrefix = 'node-role.kubernetes.io/';

export const nodes: KindFamilies<Node> = {
  kind: Node,
  identity: ({ metadata }) => ({ node: metadata.name }),
  families: [
    info('kube_node_info', 'What a node is.', ({ spec, status }) => ({
      kernel_version: status?.nodeInfo?.kernelVersion,
      os_image: status?.nodeInfo?.osImage,
      container_runtime_version: status?.nodeInfo?.containerRuntimeVersion,
      kubelet_version: status?.nodeInfo?.kubeletVersion,
      kubeproxy_version: 'deprecated',
      provider_id: spec.providerID,
      pod_cidr: spec.podCIDR,
      system_uuid: status?.nodeInfo?.systemUUID,
      internal_ip: status?.addresses?.find(({ type }) => type === 'InternalIP')?.address,
    })),
    gauge('kube_node_role', 'Roles of a node.', ({ metadata }) =>
      Object.keys(metadata.labels ?? {})
        .filter((label) => label.startsWith(rolePrefix))
        .map((label) => ({ labels: { role: label.slice(rolePrefix.length) }, value: 1 })),
    ),
    gauge('kube_node_spec_pod_cidrs', 'Ranges of addresses for the pods of a node.', ({ spec }) =>
      (spec.podCIDRs ?? []).map((range) => ({ labels: { pod_cidr: range }, value: 1 })),
    ),
    value('kube_node_spec_unschedulable', 'Whether a node takes no new pods.', ({ spec }) => spec.unschedulable ?? false),
    gauge('kube_node_spec_taint', 'Taints of a node.', ({ spec }) =>
      (spec.taints ?? []).map(({ key, value: of, effect }) => ({ labels: { key, value: of, effect }, value: 1 })),
    ),
    gauge('kube_node_status_capacity', 'What a node has.', ({ status }) => resourceSamples(status?.capacity)),
    gauge('kube_node_status_allocatable', 'What a node has for pods.', ({ status }) => resourceSamples(status?.allocatable)),
    gauge('kube_node_status_addresses', 'Addresses of a node.', ({ status }) =>
      (status?.addresses ?? []).map(({ type, address }) => ({ labels: { type, address }, value: 1 })),
    ),
    gauge('kube_node_status_condition', 'Conditions of a node.', ({ status }) => conditionSamples(status?.conditions)),
    ...lifeTimes<Node>('kube_node'),
  ],
};

export const namespaces: KindFamilies<Namespace> = {
  kind: Namespace,
  identity: ({ metadata }) => ({ namespace: metadata.name }),
  families: [
    gauge('kube_namespace_status_phase', 'The phase of a namespace.', ({ status }) =>
      oneOf('phase', ['Active', 'Terminating'], status?.phase),
    ),
    gauge('kube_namespace_status_condition', 'Conditions of a namespace.', ({ status }) => conditionSamples(status?.conditions)),
    ...lifeTimes<Namespace>('kube_namespace'),
  ],
};

export const leases: KindFamilies<Lease> = {
  kind: Lease,
  identity: named('lease'),
  families: [
    gauge('kube_lease_owner', 'Who holds and owns a lease.', ({ metadata, spec }) =>
      (metadata.ownerReferences ?? [{ kind: '', name: '' }]).map(({ kind, name }) => ({
        labels: { owner_kind: kind, owner_name: name, lease_holder: spec?.holderIdentity ?? '' },
        value: 1,
      })),
    ),
    value('kube_lease_renew_time', 'When a lease was last renewed, in seconds since 1970.', ({ spec }) => seconds(spec?.renewTime)),
  ],
};
