// Volumes: what containers can mount, and where it comes from.
import type { Descriptions } from './descriptions.ts';

const fsType = 'The file system of the volume, such as ext4.';
const readOnly = 'Whether containers may only read it.';
const secretRef = 'The secret that access to it needs.';
const defaultMode = 'The permissions of the files, where they have none of their own; by default 0644.';
const items = 'Which keys become files, and under which paths; by default all, each under its own name.';
const optional = 'Whether the pod starts without it.';
const mode = 'The permissions of the file.';
const filePath = 'The path of the file within the volume.';
const external = (what: string) => `${what}; made by a driver of its own.`;

export const volumeDescriptions: Descriptions = {
  'core.v1.Volume': {
    '': 'Storage that containers of a pod can mount; one of its sources is given.',
    name: 'The name that containers mount it by, unique in the pod.',
    hostPath: 'A file or folder of the node; seldom wise.',
    emptyDir: 'An empty folder that lasts as long as the pod.',
    gcePersistentDisk: external('A disk of Google Cloud'),
    awsElasticBlockStore: external('A disk of Amazon'),
    gitRepo: 'A copy of a Git repository; deprecated.',
    secret: 'The keys of a secret, as files.',
    nfs: 'A folder of an NFS server.',
    iscsi: external('A disk that is reached over iSCSI'),
    glusterfs: external('A volume of GlusterFS'),
    persistentVolumeClaim: 'The volume of a claim.',
    rbd: external('A disk of Ceph'),
    flexVolume: 'A volume of a driver that is a program on the node; deprecated.',
    cinder: external('A disk of OpenStack'),
    cephfs: external('A file system of Ceph'),
    flocker: 'A volume of Flocker; no longer there.',
    downwardAPI: 'Facts about the pod, as files.',
    fc: external('A disk that is reached over Fibre Channel'),
    azureFile: external('A share of Azure'),
    configMap: 'The keys of a config map, as files.',
    vsphereVolume: external('A disk of vSphere'),
    quobyte: 'A volume of Quobyte; no longer there.',
    azureDisk: external('A disk of Azure'),
    photonPersistentDisk: 'A disk of Photon; no longer there.',
    projected: 'Secrets, config maps, facts and tokens together in one folder.',
    portworxVolume: external('A volume of Portworx'),
    scaleIO: 'A volume of ScaleIO; no longer there.',
    storageos: 'A volume of StorageOS; no longer there.',
    csi: 'A volume of a storage driver, made for this pod.',
    ephemeral: 'A claim that is made for the pod and goes with it.',
    image: 'The files of an image, read-only.',
  },
  'core.v1.HostPathVolumeSource': {
    '': 'A file or folder of the node.',
    path: 'Its path on the node.',
    type: 'What must be there, such as Directory, or is made, such as DirectoryOrCreate; by default nothing is looked at.',
  },
  'core.v1.EmptyDirVolumeSource': {
    '': 'A folder that begins empty and is removed with the pod.',
    medium: 'Memory to keep it in memory; by default the disk of the node.',
    sizeLimit: 'How large it may grow.',
  },
  'core.v1.SecretVolumeSource': {
    '': 'A secret whose keys become files; changes of it follow.',
    secretName: 'The name of the secret.',
    items,
    defaultMode,
    optional,
  },
  'core.v1.ConfigMapVolumeSource': {
    '': 'A config map whose keys become files; changes of it follow.',
    name: 'The name of the config map.',
    items,
    defaultMode,
    optional,
  },
  'core.v1.KeyToPath': { '': 'A key that becomes a file.', key: 'The key that is shown.', path: filePath, mode },
  'core.v1.NFSVolumeSource': {
    '': 'Where a folder is that is mounted over NFS.',
    server: 'The name or address of the server.',
    path: 'The folder that it exports.',
    readOnly,
  },
  'core.v1.PersistentVolumeClaimVolumeSource': {
    '': 'Which claim is mounted.',
    claimName: 'The name of the claim, in the same namespace.',
    readOnly,
  },
  'core.v1.DownwardAPIVolumeSource': {
    '': 'Files that tell containers of their own pod.',
    items: 'The files, and what is in them.',
    defaultMode,
  },
  'core.v1.DownwardAPIVolumeFile': {
    '': 'A file that holds a fact about the pod.',
    path: filePath,
    fieldRef: 'A field of the pod, such as metadata.labels.',
    resourceFieldRef: 'What a container asks for, or is limited to.',
    mode,
  },
  'core.v1.ObjectFieldSelector': {
    '': 'A field of the pod.',
    apiVersion: 'The version that the field is named in; by default v1.',
    fieldPath: 'Its path, such as metadata.name.',
  },
  'core.v1.ResourceFieldSelector': {
    '': 'A resource of a container, as a number.',
    containerName: 'The container; in an environment by default its own.',
    resource: 'Which number, such as limits.cpu.',
    divisor: 'The unit that it is told in, rounded up; by default 1.',
  },
  'core.v1.ProjectedVolumeSource': { '': 'Several sources together in one folder.', sources: 'What is in it.', defaultMode },
  'core.v1.VolumeProjection': {
    '': 'One source of files; one of these.',
    secret: 'The keys of a secret.',
    downwardAPI: 'Facts about the pod.',
    configMap: 'The keys of a config map.',
    serviceAccountToken: 'A token of the service account, renewed before it ends.',
    clusterTrustBundle: 'Certificates to check others with.',
    podCertificate: 'A key and a certificate for the pod, renewed before it ends.',
  },
  'core.v1.SecretProjection': { '': 'A secret whose keys become files.', name: 'The name of the secret.', items, optional },
  'core.v1.ConfigMapProjection': { '': 'A config map whose keys become files.', name: 'The name of the config map.', items, optional },
  'core.v1.DownwardAPIProjection': { '': 'Files that tell containers of their own pod.', items: 'The files, and what is in them.' },
  'core.v1.ServiceAccountTokenProjection': {
    '': 'A token of the service account.',
    audience: 'Whom the token is for; by default the API server.',
    expirationSeconds: 'How many seconds it holds; by default 3600, at least 600.',
    path: filePath,
  },
  'core.v1.ClusterTrustBundleProjection': {
    '': 'Trust bundles that become one file.',
    name: 'One bundle, by name.',
    signerName: 'All bundles of a signer.',
    labelSelector: 'Which bundles of the signer, by labels.',
    optional,
    path: filePath,
  },
  'core.v1.PodCertificateProjection': {
    '': 'A key and a certificate for the pod.',
    signerName: 'Who issues the certificate.',
    keyType: 'The sort of key, such as ED25519.',
    maxExpirationSeconds: 'How many seconds it may hold at most.',
    credentialBundlePath: 'The file with key and certificates together.',
    keyPath: 'The file with the key alone.',
    certificateChainPath: 'The file with the certificates alone.',
    userAnnotations: 'What the signer is told on top.',
  },
  'core.v1.CSIVolumeSource': {
    '': 'A volume of a storage driver, made for one pod.',
    driver: 'The name of the driver.',
    readOnly,
    fsType,
    volumeAttributes: 'What the driver is told.',
    nodePublishSecretRef: 'The secret that the driver is given.',
  },
  'core.v1.EphemeralVolumeSource': {
    '': 'A claim of the pod alone, named after pod and volume.',
    volumeClaimTemplate: 'What the claim is like.',
  },
  'core.v1.PersistentVolumeClaimTemplate': {
    '': 'The description of a claim.',
    metadata: 'Labels and annotations of the claim.',
    spec: 'What storage it asks for.',
  },
  'core.v1.ImageVolumeSource': {
    '': 'An image that is mounted and not run.',
    reference: 'The image, as REGISTRY/NAME:TAG or with a digest.',
    pullPolicy: 'When it is fetched: Always, IfNotPresent or Never.',
  },
  'core.v1.FlexVolumeSource': {
    '': 'A volume of a driver that is a program on the node.',
    driver: 'The name of the driver.',
    fsType,
    secretRef,
    readOnly,
    options: 'What the driver is told.',
  },
  'core.v1.GitRepoVolumeSource': {
    '': 'A copy of a Git repository.',
    repository: 'The URL of the repository.',
    revision: 'The commit to check out.',
    directory: 'The folder to put it in.',
  },
};
