// What Kubernetes 1.35 knows and does not do unless a feature gate is turned on (pkg/features/kube_features.go, those that are off
// by default and whose fields dropDisabledFields in pkg/api and pkg/registry drops).
import type { DisabledField } from '@berth/machinery';

/** @param spec where the pod's spec is, such as `spec.template.spec` */
export function podSpecDisabledFields(spec: string): DisabledField[] {
  return [
    ...['initContainers', 'containers', 'ephemeralContainers'].map((list): DisabledField => {
      return { gate: 'ContainerStopSignals', path: `${spec}.${list}[].lifecycle.stopSignal`, dropsEmptyParent: true };
    }),
    { gate: 'ClusterTrustBundleProjection', path: `${spec}.volumes[].projected.sources[].clusterTrustBundle` },
    { gate: 'PodCertificateRequest', path: `${spec}.volumes[].projected.sources[].podCertificate` },
    { gate: 'GenericWorkload', path: `${spec}.workloadRef` },
  ];
}

export const podDisabledFields: DisabledField[] = [
  ...podSpecDisabledFields('spec'),
  { gate: 'InPlacePodLevelResourcesVerticalScaling', path: 'status.resources' },
  { gate: 'InPlacePodLevelResourcesVerticalScaling', path: 'status.allocatedResources' },
  { gate: 'DRAExtendedResource', path: 'status.extendedResourceClaimStatus' },
  ...['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'].map((list): DisabledField => {
    return { gate: 'ResourceHealthStatus', path: `status.${list}[].allocatedResourcesStatus` };
  }),
];

export const statefulSetDisabledFields: DisabledField[] = [
  ...podSpecDisabledFields('spec.template.spec'),
  { gate: 'MaxUnavailableStatefulSet', path: 'spec.updateStrategy.rollingUpdate.maxUnavailable' },
];

export const leaseDisabledFields: DisabledField[] = [
  // Of this gate, each field goes for itself.
  { gate: 'CoordinatedLeaderElection: strategy', path: 'spec.strategy' },
  { gate: 'CoordinatedLeaderElection: preferredHolder', path: 'spec.preferredHolder' },
];

export const claimDisabledFields: DisabledField[] = [
  { gate: 'CrossNamespaceVolumeDataSource', path: 'spec.dataSourceRef', onlyWith: 'namespace' },
];

export const nodeDisabledFields: DisabledField[] = [
  // No gate turns these on any more.
  { gate: 'DynamicKubeletConfig', path: 'spec.configSource' },
  { gate: 'DynamicKubeletConfig: status', path: 'status.config' },
];

export const deviceClassDisabledFields: DisabledField[] = [{ gate: 'DRAExtendedResource', path: 'spec.extendedResourceName' }];

/** @param spec where the claim's spec is */
export function claimSpecDisabledFields(spec: string): DisabledField[] {
  const requests = [`${spec}.devices.requests[].exactly`, `${spec}.devices.requests[].firstAvailable[]`];
  return [
    ...requests.map((request): DisabledField => ({ gate: 'DRADeviceTaints', path: `${request}.tolerations` })),
    ...requests.map((request): DisabledField => ({ gate: 'DRAConsumableCapacity', path: `${request}.capacity` })),
    { gate: 'DRAConsumableCapacity', path: `${spec}.devices.constraints[].distinctAttribute` },
  ];
}

const allocated = 'status.allocation.devices.results[]';

export const resourceClaimDisabledFields: DisabledField[] = [
  ...claimSpecDisabledFields('spec'),
  ...['shareID', 'consumedCapacity'].map((name): DisabledField => ({ gate: 'DRAConsumableCapacity', path: `${allocated}.${name}` })),
  { gate: 'DRAConsumableCapacity', path: 'status.devices[].shareID' },
  ...['bindingConditions', 'bindingFailureConditions'].map((name): DisabledField => {
    return { gate: 'DRADeviceBindingConditions', path: `${allocated}.${name}` };
  }),
];

export const resourceSliceDisabledFields: DisabledField[] = [
  { gate: 'DRADeviceTaints', path: 'spec.devices[].taints' },
  ...['sharedCounters', 'perDeviceNodeSelection'].map((name): DisabledField => ({ gate: 'DRAPartitionableDevices', path: `spec.${name}` })),
  ...['consumesCounters', 'nodeName', 'nodeSelector', 'allNodes'].map((name): DisabledField => {
    return { gate: 'DRAPartitionableDevices', path: `spec.devices[].${name}` };
  }),
  ...['bindsToNode', 'bindingConditions', 'bindingFailureConditions'].map((name): DisabledField => {
    return { gate: 'DRADeviceBindingConditions', path: `spec.devices[].${name}` };
  }),
  { gate: 'DRAConsumableCapacity', path: 'spec.devices[].allowMultipleAllocations' },
  { gate: 'DRAConsumableCapacity', path: 'spec.devices[].capacity{}.requestPolicy' },
];
