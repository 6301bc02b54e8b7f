// Volumes of the cluster, classes of storage and drivers.
import type { Descriptions } from './descriptions.ts';
import { foreignVolumeDescriptions } from './foreign-volumes.ts';
import { volumeDescriptions } from './volumes.ts';

const fsType = 'The file system of the volume, such as ext4.';
const parameters = 'What the driver is told; only the driver knows what they mean.';

/** The same fields as those of pods, under another name of the type. */
function like(type: string, more: Record<string, string> = {}): Record<string, string> {
  const own = foreignVolumeDescriptions[`core.v1.${type}VolumeSource`] ?? volumeDescriptions[`core.v1.${type}VolumeSource`];
  return { ...own, ...more };
}

const { '': _volume, name: _name, ...sources } = volumeDescriptions['core.v1.Volume'] ?? {};
const ofPods = new Set([
  'emptyDir',
  'gitRepo',
  'secret',
  'persistentVolumeClaim',
  'downwardAPI',
  'configMap',
  'projected',
  'ephemeral',
  'image',
  'csi',
]);
const lasting = Object.fromEntries(Object.entries(sources).filter(([source]) => !ofPods.has(source)));

export const storageDescriptions: Descriptions = {
  'core.v1.PersistentVolumeSpec': {
    '': 'Where a volume is, how large it is, and who has it.',
    ...lasting,
    local: 'A folder or disk of one node.',
    csi: 'A volume of a storage driver.',
    capacity: 'How large it is, under the name storage.',
    accessModes: 'How it can be mounted.',
    claimRef: 'The claim that it is bound to.',
    persistentVolumeReclaimPolicy: 'What becomes of it when its claim is gone: Retain, Delete or Recycle.',
    storageClassName: 'The class of storage that it is of.',
    mountOptions: 'Options for mounting it.',
    volumeMode: 'Filesystem, which is the default, or Block for a bare device.',
    nodeAffinity: 'The nodes from which it can be reached.',
    volumeAttributesClassName: 'The class of properties that it has.',
  },
  'core.v1.GlusterfsPersistentVolumeSource': like('Glusterfs', {
    endpointsNamespace: 'The namespace of the endpoints; by default that of the claim.',
  }),
  'core.v1.RBDPersistentVolumeSource': like('RBD'),
  'core.v1.ISCSIPersistentVolumeSource': like('ISCSI'),
  'core.v1.CinderPersistentVolumeSource': like('Cinder'),
  'core.v1.CephFSPersistentVolumeSource': like('CephFS'),
  'core.v1.FlexPersistentVolumeSource': like('Flex'),
  'core.v1.AzureFilePersistentVolumeSource': like('AzureFile', {
    secretNamespace: 'The namespace of the secret; by default that of the claim.',
  }),
  'core.v1.ScaleIOPersistentVolumeSource': like('ScaleIO'),
  'core.v1.StorageOSPersistentVolumeSource': like('StorageOS'),
  'core.v1.SecretReference': { '': 'Names a secret.', name: 'The name of the secret.', namespace: 'The namespace of the secret.' },
  'core.v1.LocalVolumeSource': { '': 'Storage of one node.', path: 'The path of the folder or disk.', fsType },
  'core.v1.CSIPersistentVolumeSource': {
    '': 'Which volume of which storage driver.',
    driver: 'The name of the driver.',
    volumeHandle: 'What the driver calls the volume.',
    readOnly: 'Whether containers may only read it.',
    fsType,
    volumeAttributes: 'What the driver is told.',
    controllerPublishSecretRef: 'The secret for attaching it.',
    nodeStageSecretRef: 'The secret for preparing it on a node.',
    nodePublishSecretRef: 'The secret for mounting it.',
    controllerExpandSecretRef: 'The secret for making it larger.',
    nodeExpandSecretRef: 'The secret for making its file system larger.',
  },
  'core.v1.VolumeNodeAffinity': { '': 'From where a volume can be reached.', required: 'What nodes must be like.' },
  'core.v1.PersistentVolumeStatus': {
    '': 'Whether a volume is in use.',
    phase: 'Pending, Available, Bound, Released or Failed.',
    message: 'Why, in a sentence for people.',
    reason: 'Why, in one word that programs can match.',
    lastPhaseTransitionTime: 'When the phase last changed.',
  },
  'storage.v1.StorageClass': {
    provisioner: 'Who makes the volumes.',
    parameters: 'What whoever makes the volumes is told.',
    reclaimPolicy: 'What becomes of volumes whose claim is gone: Delete, which is the default, or Retain.',
    mountOptions: 'Options for mounting the volumes.',
    allowVolumeExpansion: 'Whether claims may ask for more later.',
    volumeBindingMode: 'Immediate, which is the default, or WaitForFirstConsumer to wait until a pod has been placed.',
    allowedTopologies: 'Where volumes may be made.',
  },
  'core.v1.TopologySelectorTerm': { '': 'Chooses places by labels of nodes.', matchLabelExpressions: 'All of these must hold.' },
  'core.v1.TopologySelectorLabelRequirement': {
    '': 'One demand on a label of nodes.',
    key: 'The label that is looked at.',
    values: 'The values that it may have.',
  },
  'storage.v1.CSIDriverSpec': {
    '': 'What a driver needs and can do.',
    attachRequired: 'Whether volumes must be attached to a node before they are mounted.',
    podInfoOnMount: 'Whether the driver is told for which pod it mounts.',
    volumeLifecycleModes: 'Whether its volumes last, with Persistent, or go with a pod, with Ephemeral.',
    storageCapacity: 'Whether pods are placed by how much storage there is.',
    fsGroupPolicy: 'Whether volumes are given to the group of a pod: ReadWriteOnceWithFSType, File or None.',
    tokenRequests: 'Which tokens of pods the driver gets.',
    requiresRepublish: 'Whether mounting is done again from time to time.',
    seLinuxMount: 'Whether it can mount with an SELinux label.',
    nodeAllocatableUpdatePeriodSeconds: 'How often it is asked how many volumes a node can have.',
    serviceAccountTokenInSecrets: 'Whether it gets tokens among its secrets.',
  },
  'storage.v1.TokenRequest': {
    '': 'A token for a driver.',
    audience: 'Whom it is for.',
    expirationSeconds: 'For how many seconds it holds.',
  },
  'storage.v1.CSINodeSpec': { '': 'The drivers of a node.', drivers: 'Each of them.' },
  'storage.v1.CSINodeDriver': {
    '': 'A driver of a node.',
    name: 'The name of the driver.',
    nodeID: 'What the driver calls the node.',
    topologyKeys: 'Labels that say where the node is.',
    allocatable: 'How many volumes the node can have.',
  },
  'storage.v1.VolumeNodeResources': { '': 'How many volumes.', count: 'The most that can be attached; by default any number.' },
  'storage.v1.CSIStorageCapacity': {
    nodeTopology: 'From which nodes the storage can be reached.',
    storageClassName: 'The class of storage.',
    capacity: 'How much there is.',
    maximumVolumeSize: 'How large one volume can be.',
  },
  'storage.v1.VolumeAttachmentSpec': {
    '': 'Which volume should be attached where, and by whom.',
    attacher: 'The driver.',
    source: 'Which volume.',
    nodeName: 'The node to attach it to.',
  },
  'storage.v1.VolumeAttachmentSource': {
    '': 'Names a volume; one of these.',
    persistentVolumeName: 'By the name of the volume.',
    inlineVolumeSpec: 'By all that is known of it.',
  },
  'storage.v1.VolumeAttachmentStatus': {
    '': 'Whether a volume is attached.',
    attached: 'Whether it is.',
    attachmentMetadata: 'What the driver tells of it.',
    attachError: 'Why attaching failed last.',
    detachError: 'Why detaching failed last.',
  },
  'storage.v1.VolumeError': {
    '': 'What went wrong with a volume.',
    time: 'When it went wrong.',
    message: 'What, in a sentence for people.',
    errorCode: 'The code of the driver’s error.',
  },
  'storage.v1.VolumeAttributesClass': { driverName: 'The name of the driver.', parameters },
};
