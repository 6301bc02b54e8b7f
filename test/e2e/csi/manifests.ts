// How a driver is installed beside its sidecars: one pod, in the shape of the drivers' own manifests, with the rights that each sidecar asks for.
import type { CSIDriver, StorageClass } from '@berth/api';

export const driver = 'folders.csi.berth.example';
export const storageClassName = 'csi-folders';
const account = 'csi-folders';
const sockets = '/var/lib/kubelet/plugins/csi-folders';

const read = ['get', 'list', 'watch'];
const rule = (verbs: string[], apiGroup: string, ...resources: string[]) => ({ apiGroups: [apiGroup], resources, verbs });

/** Of provisioner, attacher, resizer and snapshotter together. */
const clusterRules = [
  rule([...read, 'create', 'patch', 'delete'], '', 'persistentvolumes'),
  rule([...read, 'update', 'patch'], '', 'persistentvolumeclaims'),
  rule(['patch'], '', 'persistentvolumeclaims/status'),
  rule([...read, 'create', 'update', 'patch'], '', 'events'),
  rule(read, '', 'nodes', 'pods', 'secrets'),
  rule(read, 'storage.k8s.io', 'storageclasses', 'csinodes', 'volumeattributesclasses'),
  rule([...read, 'patch'], 'storage.k8s.io', 'volumeattachments'),
  rule(['patch'], 'storage.k8s.io', 'volumeattachments/status'),
  rule(read, 'snapshot.storage.k8s.io', 'volumesnapshots', 'volumesnapshotclasses'),
  rule([...read, 'update', 'patch'], 'snapshot.storage.k8s.io', 'volumesnapshotcontents'),
  rule(['update', 'patch'], 'snapshot.storage.k8s.io', 'volumesnapshotcontents/status'),
];

/** In their own namespace: who of several leads, and what the driver has room for. */
const ownRules = [
  rule([...read, 'create', 'update', 'patch', 'delete'], 'coordination.k8s.io', 'leases'),
  rule([...read, 'create', 'update', 'patch', 'delete'], 'storage.k8s.io', 'csistoragecapacities'),
  rule(['get'], '', 'pods'),
  rule(['get'], 'apps', 'replicasets', 'statefulsets'),
];

function rights(namespace: string): object[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  const reference = (kind: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: account });
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } },
    { apiVersion, kind: 'ClusterRole', metadata: { name: account }, rules: clusterRules },
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name: account }, roleRef: reference('ClusterRole'), subjects },
    { apiVersion, kind: 'Role', metadata: { name: account, namespace }, rules: ownRules },
    { apiVersion, kind: 'RoleBinding', metadata: { name: account, namespace }, roleRef: reference('Role'), subjects },
  ];
}

const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const socketMount = { name: 'sockets', mountPath: '/csi' };

function sidecar(image: string, name: string, ...args: string[]) {
  return {
    name,
    image,
    command: [`/${name}`],
    args: ['--csi-address=/csi/csi.sock', '--leader-election', '-v=4', ...args],
    env: [fromField('NAMESPACE', 'metadata.namespace'), fromField('POD_NAME', 'metadata.name')],
    volumeMounts: [socketMount],
  };
}

function driverContainer(image: string) {
  const kubelet = ['pods', 'plugins'].map((name) => ({
    name,
    mountPath: `/var/lib/kubelet/${name}`,
    mountPropagation: 'Bidirectional',
  }));
  return {
    name: 'driver',
    image,
    command: ['/csi-driver'],
    args: ['-node=$(NODE)', `-name=${driver}`, `-endpoint=${sockets}/csi.sock`],
    env: [fromField('NODE', 'spec.nodeName')],
    securityContext: { privileged: true },
    volumeMounts: [
      socketMount,
      { name: 'registrations', mountPath: '/registration' },
      { name: 'data', mountPath: '/data' },
      { name: 'devices', mountPath: '/dev' },
      ...kubelet,
    ],
  };
}

function pods(namespace: string, image: string, dataFolder: string): object {
  const labels = { app: account };
  const hostPath = (name: string, path: string, type: string) => ({ name, hostPath: { path, type } });
  const containers = [
    driverContainer(image),
    sidecar(
      image,
      'csi-provisioner',
      '--feature-gates=Topology=true',
      '--extra-create-metadata',
      '--enable-capacity',
      '--capacity-ownerref-level=1',
    ),
    sidecar(image, 'csi-attacher'),
    sidecar(image, 'csi-resizer'),
    sidecar(image, 'csi-snapshotter'),
  ];
  const volumes = [
    hostPath('sockets', sockets, 'DirectoryOrCreate'),
    hostPath('registrations', '/var/lib/kubelet/plugins_registry', 'Directory'),
    hostPath('plugins', '/var/lib/kubelet/plugins', 'Directory'),
    hostPath('pods', '/var/lib/kubelet/pods', 'DirectoryOrCreate'),
    hostPath('data', dataFolder, 'DirectoryOrCreate'),
    hostPath('devices', '/dev', 'Directory'),
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: account, namespace },
    spec: {
      serviceName: account,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { serviceAccountName: account, containers, volumes } },
    },
  };
}

const csiDriver: CSIDriver = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: { name: driver },
  spec: {
    attachRequired: true,
    podInfoOnMount: true,
    fsGroupPolicy: 'File',
    storageCapacity: true,
    volumeLifecycleModes: ['Persistent', 'Ephemeral'],
  },
};

const storageClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: storageClassName },
  provisioner: driver,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
};

/** What belongs to no namespace, and so has to be deleted by name. */
export const clusterWide = ['csidriver', driver, 'storageclass', storageClassName, 'clusterrole', account, 'clusterrolebinding', account];

export function installation(namespace: string, image: string, dataFolder: string): object[] {
  return [...rights(namespace), csiDriver, storageClass, pods(namespace, image, dataFolder)];
}

export const snapshotClass = {
  apiVersion: 'snapshot.storage.k8s.io/v1',
  kind: 'VolumeSnapshotClass',
  metadata: { name: storageClassName },
  driver,
  deletionPolicy: 'Delete',
};
