// Every kind that Berth stores and serves. A new kind is one file in kinds/ and one line here.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { APIService } from './kinds/api-service.ts';
import { CertificateSigningRequest } from './kinds/certificate-signing-request.ts';
import { ClusterRole } from './kinds/cluster-role.ts';
import { ClusterRoleBinding } from './kinds/cluster-role-binding.ts';
import { ConfigMap } from './kinds/config-map.ts';
import { ControllerRevision } from './kinds/controller-revision.ts';
import { CronJob } from './kinds/cron-job.ts';
import { CSIDriver } from './kinds/csi-driver.ts';
import { CSINode } from './kinds/csi-node.ts';
import { CSIStorageCapacity } from './kinds/csi-storage-capacity.ts';
import { CustomResourceDefinition } from './kinds/custom-resource-definition.ts';
import { DaemonSet } from './kinds/daemon-set.ts';
import { Deployment } from './kinds/deployment.ts';
import { DeviceClass } from './kinds/device-class.ts';
import { EndpointSlice } from './kinds/endpoint-slice.ts';
import { Endpoints } from './kinds/endpoints.ts';
import { Event } from './kinds/event.ts';
import { FlowSchema } from './kinds/flow-schema.ts';
import { HorizontalPodAutoscaler } from './kinds/horizontal-pod-autoscaler.ts';
import { Ingress } from './kinds/ingress.ts';
import { IngressClass } from './kinds/ingress-class.ts';
import { IPAddress } from './kinds/ip-address.ts';
import { Job } from './kinds/job.ts';
import { Lease } from './kinds/lease.ts';
import { LimitRange } from './kinds/limit-range.ts';
import { MutatingWebhookConfiguration } from './kinds/mutating-webhook-configuration.ts';
import { Namespace } from './kinds/namespace.ts';
import { NetworkPolicy } from './kinds/network-policy.ts';
import { Node } from './kinds/node.ts';
import { PersistentVolume } from './kinds/persistent-volume.ts';
import { PersistentVolumeClaim } from './kinds/persistent-volume-claim.ts';
import { Pod } from './kinds/pod.ts';
import { PodDisruptionBudget } from './kinds/pod-disruption-budget.ts';
import { PodTemplate } from './kinds/pod-template.ts';
import { PriorityClass } from './kinds/priority-class.ts';
import { PriorityLevelConfiguration } from './kinds/priority-level-configuration.ts';
import { ReplicaSet } from './kinds/replica-set.ts';
import { ReplicationController } from './kinds/replication-controller.ts';
import { ResourceClaim } from './kinds/resource-claim.ts';
import { ResourceClaimTemplate } from './kinds/resource-claim-template.ts';
import { ResourceQuota } from './kinds/resource-quota.ts';
import { ResourceSlice } from './kinds/resource-slice.ts';
import { Role } from './kinds/role.ts';
import { RoleBinding } from './kinds/role-binding.ts';
import { RuntimeClass } from './kinds/runtime-class.ts';
import { Secret } from './kinds/secret.ts';
import { Service } from './kinds/service.ts';
import { ServiceAccount } from './kinds/service-account.ts';
import { ServiceCIDR } from './kinds/service-cidr.ts';
import { StatefulSet } from './kinds/stateful-set.ts';
import { StorageClass } from './kinds/storage-class.ts';
import { ValidatingAdmissionPolicy } from './kinds/validating-admission-policy.ts';
import { ValidatingAdmissionPolicyBinding } from './kinds/validating-admission-policy-binding.ts';
import { ValidatingWebhookConfiguration } from './kinds/validating-webhook-configuration.ts';
import { VolumeAttachment } from './kinds/volume-attachment.ts';
import { VolumeAttributesClass } from './kinds/volume-attributes-class.ts';
import { EventsV1Event } from './views/event.ts';
import { AutoscalingV1HorizontalPodAutoscaler } from './views/horizontal-pod-autoscaler.ts';

/** Forgets the object type: a list of kinds of many types. Callers pass each kind only objects of that kind. */
function erased<T extends KubeObject>(kind: KindDefinition<T>): KindDefinition {
  return kind as unknown as KindDefinition;
}

export const kinds: KindDefinition[] = [
  erased(ConfigMap),
  erased(Deployment),
  erased(EndpointSlice),
  erased(Endpoints),
  erased(Event),
  erased(Lease),
  erased(Namespace),
  erased(Node),
  erased(PersistentVolumeClaim),
  erased(PersistentVolume),
  erased(Pod),
  erased(ReplicaSet),
  erased(Secret),
  erased(ServiceAccount),
  erased(Service),
  erased(StorageClass),
  erased(PodTemplate),
  erased(ReplicationController),
  erased(LimitRange),
  erased(ResourceQuota),
  erased(StatefulSet),
  erased(DaemonSet),
  erased(ControllerRevision),
  erased(Job),
  erased(CronJob),
  erased(HorizontalPodAutoscaler),
  erased(Ingress),
  erased(IngressClass),
  erased(NetworkPolicy),
  erased(IPAddress),
  erased(ServiceCIDR),
  erased(PodDisruptionBudget),
  erased(Role),
  erased(RoleBinding),
  erased(ClusterRole),
  erased(ClusterRoleBinding),
  erased(CSIDriver),
  erased(CSINode),
  erased(CSIStorageCapacity),
  erased(VolumeAttachment),
  erased(VolumeAttributesClass),
  erased(PriorityClass),
  erased(RuntimeClass),
  erased(CertificateSigningRequest),
  erased(ValidatingAdmissionPolicy),
  erased(ValidatingAdmissionPolicyBinding),
  erased(ValidatingWebhookConfiguration),
  erased(MutatingWebhookConfiguration),
  erased(FlowSchema),
  erased(PriorityLevelConfiguration),
  erased(CustomResourceDefinition),
  erased(DeviceClass),
  erased(ResourceClaim),
  erased(ResourceClaimTemplate),
  erased(ResourceSlice),
  erased(APIService),
];

/** Other versions of kinds in `kinds`: served like them, stored as them. */
export const kindViews: KindDefinition[] = [erased(AutoscalingV1HorizontalPodAutoscaler), erased(EventsV1Event)];
