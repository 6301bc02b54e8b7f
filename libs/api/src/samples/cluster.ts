// The smallest valid object of every networking, rbac, resource, scheduling, node and storage kind.
import type * as networking from '../generated/networking-v1.types.ts';
import type { RuntimeClass } from '../generated/node-v1.types.ts';
import type * as rbac from '../generated/rbac-v1.types.ts';
import type * as devices from '../generated/resource-v1.types.ts';
import type { PriorityClass } from '../generated/scheduling-v1.types.ts';
import type * as storage from '../generated/storage-v1.types.ts';

const metadata = { name: 'sample', namespace: 'default' };
const clusterWide = { name: 'sample' };
const net = { apiVersion: 'networking.k8s.io/v1' };
const roles = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const device = { apiVersion: 'resource.k8s.io/v1' };
const claimed = { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }] } };
const volumes = { apiVersion: 'storage.k8s.io/v1' };
const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];

export const clusterSamples = {
  ClusterRole: (): rbac.ClusterRole => ({ ...roles, kind: 'ClusterRole', metadata: clusterWide, rules }),
  ClusterRoleBinding: (): rbac.ClusterRoleBinding => ({
    ...roles,
    kind: 'ClusterRoleBinding',
    metadata: clusterWide,
    roleRef: { kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'Group', name: 'readers' }],
  }),
  CSIDriver: (): storage.CSIDriver => ({ ...volumes, kind: 'CSIDriver', metadata: { name: 'disk.example.com' }, spec: {} }),
  CSINode: (): storage.CSINode => ({
    ...volumes,
    kind: 'CSINode',
    metadata: clusterWide,
    spec: { drivers: [{ name: 'disk.example.com', nodeID: 'n1', topologyKeys: ['zone'] }] },
  }),
  CSIStorageCapacity: (): storage.CSIStorageCapacity => ({
    ...volumes,
    kind: 'CSIStorageCapacity',
    metadata,
    storageClassName: 'fast',
    capacity: '10Gi',
  }),
  DeviceClass: (): devices.DeviceClass => ({
    ...device,
    kind: 'DeviceClass',
    metadata: clusterWide,
    spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] },
  }),
  Ingress: (): networking.Ingress => ({
    ...net,
    kind: 'Ingress',
    metadata,
    spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
  }),
  IngressClass: (): networking.IngressClass => ({
    ...net,
    kind: 'IngressClass',
    metadata: clusterWide,
    spec: { controller: 'example.com/ingress' },
  }),
  IPAddress: (): networking.IPAddress => ({
    ...net,
    kind: 'IPAddress',
    metadata: { name: '10.9.8.7' },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
  }),
  NetworkPolicy: (): networking.NetworkPolicy => ({
    ...net,
    kind: 'NetworkPolicy',
    metadata,
    spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }] },
  }),
  PriorityClass: (): PriorityClass => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: clusterWide, value: 1000 }),
  ResourceClaim: (): devices.ResourceClaim => ({ ...device, kind: 'ResourceClaim', metadata, spec: claimed }),
  ResourceClaimTemplate: (): devices.ResourceClaimTemplate => ({
    ...device,
    kind: 'ResourceClaimTemplate',
    metadata,
    spec: { spec: claimed },
  }),
  ResourceSlice: (): devices.ResourceSlice => ({
    ...device,
    kind: 'ResourceSlice',
    metadata: clusterWide,
    spec: {
      driver: 'gpu.example.com',
      pool: { name: 'n1', generation: 1, resourceSliceCount: 1 },
      nodeName: 'n1',
      devices: [{ name: 'gpu-0', attributes: { model: { string: 'a100' } }, capacity: { memory: { value: '80Gi' } } }],
    },
  }),
  Role: (): rbac.Role => ({ ...roles, kind: 'Role', metadata, rules }),
  RoleBinding: (): rbac.RoleBinding => ({
    ...roles,
    kind: 'RoleBinding',
    metadata,
    roleRef: { kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
  }),
  RuntimeClass: (): RuntimeClass => ({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: clusterWide, handler: 'runc' }),
  ServiceCIDR: (): networking.ServiceCIDR => ({
    ...net,
    kind: 'ServiceCIDR',
    metadata: clusterWide,
    spec: { cidrs: ['10.9.0.0/16'] },
  }),
  StorageClass: (): storage.StorageClass => ({
    ...volumes,
    kind: 'StorageClass',
    metadata: clusterWide,
    provisioner: 'example.com/disk',
  }),
  VolumeAttachment: (): storage.VolumeAttachment => ({
    ...volumes,
    kind: 'VolumeAttachment',
    metadata: clusterWide,
    spec: { attacher: 'disk.example.com', nodeName: 'n1', source: { persistentVolumeName: 'disk' } },
  }),
  VolumeAttributesClass: (): storage.VolumeAttributesClass => ({
    ...volumes,
    kind: 'VolumeAttributesClass',
    metadata: clusterWide,
    driverName: 'disk.example.com',
    parameters: { iops: '100' },
  }),
};
