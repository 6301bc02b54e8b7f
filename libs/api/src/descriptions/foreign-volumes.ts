// Volumes of particular vendors and protocols, which old manifests still name.
import type { Descriptions } from './descriptions.ts';

const fsType = 'The file system of the volume, such as ext4.';
const readOnly = 'Whether containers may only read it.';
const secretRef = 'The secret that access to it needs.';
const volumeID = 'What its maker calls the volume.';
const partition = 'The partition to mount; by default the whole disk.';
const lun = 'The number of the disk at the target.';

export const foreignVolumeDescriptions: Descriptions = {
  'core.v1.GCEPersistentDiskVolumeSource': { '': 'A disk of Google Cloud.', pdName: 'The name of the disk.', fsType, partition, readOnly },
  'core.v1.AWSElasticBlockStoreVolumeSource': { '': 'A disk of Amazon.', volumeID, fsType, partition, readOnly },
  'core.v1.ISCSIVolumeSource': {
    '': 'A disk that is reached over iSCSI.',
    targetPortal: 'The address and port of the target.',
    iqn: 'The name of the target.',
    lun,
    iscsiInterface: 'The interface to use; by default that for TCP.',
    fsType,
    readOnly,
    portals: 'Further addresses and ports of the target.',
    chapAuthDiscovery: 'Whether finding the target needs a password.',
    chapAuthSession: 'Whether using the target needs a password.',
    secretRef,
    initiatorName: 'What the node calls itself.',
  },
  'core.v1.GlusterfsVolumeSource': {
    '': 'A volume of GlusterFS.',
    endpoints: 'The endpoints that name its servers.',
    path: 'The name of the volume.',
    readOnly,
  },
  'core.v1.RBDVolumeSource': {
    '': 'A disk of Ceph.',
    monitors: 'The addresses of its monitors.',
    image: 'The name of the disk.',
    fsType,
    pool: 'The pool that it is in.',
    user: 'The user to come as.',
    keyring: 'The file on the node that holds the key.',
    secretRef,
    readOnly,
  },
  'core.v1.CinderVolumeSource': { '': 'A disk of OpenStack.', volumeID, fsType, readOnly, secretRef },
  'core.v1.CephFSVolumeSource': {
    '': 'A file system of Ceph.',
    monitors: 'The addresses of its monitors.',
    path: 'The folder to mount; by default the root.',
    user: 'The user to come as.',
    secretFile: 'The file on the node that holds the key.',
    secretRef,
    readOnly,
  },
  'core.v1.FlockerVolumeSource': {
    '': 'A volume of Flocker.',
    datasetName: 'The name of the volume.',
    datasetUUID: 'The UUID of the volume.',
  },
  'core.v1.FCVolumeSource': {
    '': 'A disk that is reached over Fibre Channel.',
    targetWWNs: 'The names of the targets.',
    lun,
    fsType,
    readOnly,
    wwids: 'The names of the disk, in place of targets and number.',
  },
  'core.v1.AzureFileVolumeSource': {
    '': 'A share of Azure.',
    secretName: 'The secret that holds account and key.',
    shareName: 'The name of the share.',
    readOnly,
  },
  'core.v1.VsphereVirtualDiskVolumeSource': {
    '': 'A disk of vSphere.',
    volumePath: 'The path of the disk.',
    fsType,
    storagePolicyName: 'The name of its storage policy.',
    storagePolicyID: 'The identifier of its storage policy.',
  },
  'core.v1.QuobyteVolumeSource': {
    '': 'A volume of Quobyte.',
    registry: 'The addresses of its registry.',
    volume: 'The name of the volume.',
    readOnly,
    user: 'The user to come as.',
    group: 'The group to come as.',
    tenant: 'Who owns the volume.',
  },
  'core.v1.AzureDiskVolumeSource': {
    '': 'A disk of Azure.',
    diskName: 'The name of the disk.',
    diskURI: 'The URI of the disk.',
    cachingMode: 'What the host caches: None, ReadOnly or ReadWrite.',
    fsType,
    readOnly,
    kind: 'How the disk is kept: Shared, Dedicated or Managed.',
  },
  'core.v1.PhotonPersistentDiskVolumeSource': { '': 'A disk of Photon.', pdID: 'What Photon calls the disk.', fsType },
  'core.v1.PortworxVolumeSource': { '': 'A volume of Portworx.', volumeID, fsType, readOnly },
  'core.v1.ScaleIOVolumeSource': {
    '': 'A volume of ScaleIO.',
    gateway: 'The address of its gateway.',
    system: 'The name of the storage system.',
    secretRef,
    sslEnabled: 'Whether the gateway is reached over TLS.',
    protectionDomain: 'The protection domain of the storage.',
    storagePool: 'The pool that it is in.',
    storageMode: 'How much is set aside at first: ThickProvisioned or ThinProvisioned.',
    volumeName: 'The name of the volume.',
    fsType,
    readOnly,
  },
  'core.v1.StorageOSVolumeSource': {
    '': 'A volume of StorageOS.',
    volumeName: 'The name of the volume.',
    volumeNamespace: 'The namespace of the volume in StorageOS.',
    fsType,
    readOnly,
    secretRef,
  },
};
