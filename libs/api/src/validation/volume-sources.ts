// Where a persistent volume comes from: one source, with what it needs to be found. Kubernetes looks at the sources in this order, into the
// first of them only, and gives two of them a name of their own in errors.
import type {
  AzureDiskVolumeSource,
  CSIPersistentVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  ISCSIVolumeSource,
  PersistentVolumeSpec,
  QuobyteVolumeSource,
  SecretReference,
  StorageOSPersistentVolumeSource,
  Volume,
} from '../generated/core-v1.types.ts';
import { type FieldError, forbidden, invalid, invalidAll, notSupported, optionalOneOf, required, tooLong } from './errors.ts';
import { dnsLabel, dnsSubdomain, inRange } from './names.ts';

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
const driverNameBytesMax = 63;
const partitionMax = 255;
const tenantLengthMax = 64;
const initiatorLengthMax = 64;
const initiatorRule = `Total length of <volume name>:<iscsi.targetPortal> must be under ${initiatorLengthMax} characters if iscsi.initiatorName is specified.`;

export function driverName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = name.length > driverNameBytesMax ? [tooLong(field, driverNameBytesMax)] : [];
  return [...errors, ...invalidAll(field, name, dnsSubdomain(name.toLowerCase()))];
}

interface Source {
  /** The field's name in errors, where it is another, for a second source and within it. */
  surplus?: string;
  within?: string;
  validate(spec: PersistentVolumeSpec, field: string, volume: string): FieldError[];
}

/** What must not be empty. */
function present<K extends keyof PersistentVolumeSpec>(key: K, ...names: (keyof NonNullable<PersistentVolumeSpec[K]>)[]): Source {
  return { validate: (spec, field) => missing(spec[key] as object | undefined, field, names as string[]) };
}

function missing(source: object | undefined, field: string, names: string[]): FieldError[] {
  const values = source as Record<string, unknown> | undefined;
  return names.filter((name) => isEmpty(values?.[name])).map((name) => required(`${field}.${name}`));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

function partition(value: number | undefined, field: string): FieldError[] {
  const isWithin = value === undefined || (value >= 0 && value <= partitionMax);
  return isWithin ? [] : [invalid(`${field}.partition`, value, `must be between 1 and ${partitionMax}, inclusive`)];
}

const sources: { [key in keyof PersistentVolumeSpec]?: Source } = {
  hostPath: { validate: ({ hostPath }, field) => (hostPath ? hostPathSource(hostPath, field) : []) },
  gcePersistentDisk: {
    within: 'persistentDisk',
    validate: ({ gcePersistentDisk: disk }, field) => [...missing(disk, field, ['pdName']), ...partition(disk?.partition, field)],
  },
  awsElasticBlockStore: {
    validate: ({ awsElasticBlockStore: disk }, field) => [...missing(disk, field, ['volumeID']), ...partition(disk?.partition, field)],
  },
  glusterfs: { validate: ({ glusterfs }, field) => (glusterfs ? glusterSource(glusterfs, field) : []) },
  flocker: { validate: ({ flocker }, field) => (flocker ? flockerSource(flocker, field) : []) },
  nfs: {
    validate: ({ nfs }, field) => [
      ...missing(nfs, field, ['server', 'path']),
      ...(nfs?.path?.startsWith('/') ? [] : [invalid(`${field}.path`, nfs?.path ?? '', 'must be an absolute path')]),
    ],
  },
  rbd: present('rbd', 'monitors', 'image'),
  quobyte: { validate: ({ quobyte }, field) => (quobyte ? quobyteSource(quobyte, field) : []) },
  cephfs: { ...present('cephfs', 'monitors'), surplus: 'cephFS' },
  iscsi: { validate: ({ iscsi }, field, volume) => (iscsi ? iscsiSource(iscsi, field, volume) : []) },
  cinder: {
    validate: ({ cinder }, field) => [
      ...missing(cinder, field, ['volumeID']),
      ...(cinder?.secretRef ? missing(cinder.secretRef, `${field}.secretRef`, ['name', 'namespace']) : []),
    ],
  },
  fc: { validate: ({ fc }, field) => (fc ? fibreChannelSource(fc, field) : []) },
  flexVolume: { validate: ({ flexVolume }, field) => [...missing(flexVolume, field, ['driver']), ...options(flexVolume?.options, field)] },
  azureFile: {
    validate: ({ azureFile: file }, field) => [
      ...missing(file, field, ['secretName', 'shareName']),
      ...(file?.secretNamespace === '' ? [required(`${field}.secretNamespace`)] : []),
    ],
  },
  vsphereVolume: present('vsphereVolume', 'volumePath'),
  photonPersistentDisk: present('photonPersistentDisk', 'pdID'),
  portworxVolume: present('portworxVolume', 'volumeID'),
  azureDisk: { validate: ({ azureDisk }, field) => (azureDisk ? azureDiskSource(azureDisk, field) : []) },
  scaleIO: present('scaleIO', 'gateway', 'system', 'volumeName'),
  local: { validate: ({ local, nodeAffinity }, field) => localSource(local?.path, nodeAffinity !== undefined, field) },
  storageos: { validate: ({ storageos }, field) => (storageos ? storageOsSource(storageos, field) : []) },
  csi: { validate: ({ csi }, field) => (csi ? csiSource(csi, field) : []) },
};

/** Of a pod's volume: those that are found as a persistent volume's are. */
const sharedWithPods = new Set<string>([
  ...[
    'hostPath',
    'gcePersistentDisk',
    'awsElasticBlockStore',
    'nfs',
    'iscsi',
    'glusterfs',
    'flocker',
    'rbd',
    'cephfs',
    'quobyte',
    'fc',
    'flexVolume',
  ],
  ...['azureFile', 'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'scaleIO'],
]);

export function sharedSource(kind: keyof Volume, volume: Volume, field: string): FieldError[] {
  if (!sharedWithPods.has(kind)) return [];
  const { within = kind, validate } = sources[kind as keyof PersistentVolumeSpec] as Source;
  if (volume.iscsi && kind === 'iscsi') return podIscsiSource(volume.iscsi, field, volume.name);
  return validate(volume as unknown as PersistentVolumeSpec, `${field}.${within}`, volume.name);
}

function hostPathSource(hostPath: { path: string; type?: string }, field: string): FieldError[] {
  if (!hostPath.path) return [required(`${field}.path`)];
  const errors = hostPath.path.split('/').includes('..') ? [invalid(`${field}.path`, hostPath.path, "must not contain '..'")] : [];
  return [...errors, ...optionalOneOf(`${field}.type`, hostPath.type, hostPathTypes)];
}

export function volumeSource(spec: PersistentVolumeSpec, volume: string, field: string): FieldError[] {
  const given = (Object.keys(sources) as (keyof PersistentVolumeSpec)[]).filter((key) => spec[key] !== undefined);
  if (given.length === 0) return [required(field, 'must specify a volume type')];
  return given.flatMap((key, index) => {
    const { surplus = key, within = key, validate } = sources[key] as Source;
    // What a FlexVolume stands beside is not looked at, and it is itself whatever it stands beside.
    if (index > 0 && key !== 'flexVolume') return [forbidden(`${field}.${surplus}`, 'may not specify more than 1 volume type')];
    return validate(spec, `${field}.${within}`, volume);
  });
}

function glusterSource(source: GlusterfsPersistentVolumeSource, field: string): FieldError[] {
  const errors = missing(source, field, ['endpoints', 'path']);
  const at = `${field}.endpointsNamespace`;
  const { endpointsNamespace: namespace } = source;
  if (namespace === '') errors.push(invalid(at, '', 'if the endpointnamespace is set, it must be a valid namespace name'));
  return namespace ? [...errors, ...invalidAll(at, namespace, dnsLabel(namespace))] : errors;
}

function flockerSource({ datasetName = '', datasetUUID = '' }: FlockerVolumeSource, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(field, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID) {
    errors.push(invalid(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName.includes('/')) errors.push(invalid(`${field}.datasetName`, datasetName, "must not contain '/'"));
  return errors;
}

function quobyteSource({ registry = '', tenant = '', volume }: QuobyteVolumeSource, field: string): FieldError[] {
  const rule = 'must be a host:port pair or multiple pairs separated by commas';
  const errors: FieldError[] = [];
  if (!registry) errors.push(required(`${field}.registry`, rule));
  else if (tenant.length > tenantLengthMax) {
    errors.push(required(`${field}.tenant`, `must be a UUID and may not exceed a length of ${tenantLengthMax} characters`));
  } else {
    const wrong = registry.split(',').filter((pair) => !isHostAndPort(pair));
    errors.push(...wrong.map(() => invalid(`${field}.registry`, registry, rule)));
  }
  return volume ? errors : [...errors, required(`${field}.volume`)];
}

function isHostAndPort(pair: string): boolean {
  return /^(\[[^[\]]*\]|[^[\]:]*):[^[\]:]*$/.test(pair);
}

function iscsiSource(source: ISCSIPersistentVolumeSource, field: string, volume: string): FieldError[] {
  const { targetPortal = '', iqn = '', lun = 0, initiatorName: initiator, secretRef } = source;
  const errors = missing(source, field, ['targetPortal']);
  const form = 'must be valid format';
  if (isInitiatorTooLong(source, volume)) errors.push(invalid(`${field}.targetportal`, targetPortal, initiatorRule));
  if (!iqn) errors.push(required(`${field}.iqn`));
  else if (!isIscsiName(iqn)) errors.push(invalid(`${field}.iqn`, iqn, form));
  errors.push(...invalidAll(`${field}.lun`, lun, inRange(lun, 0, 255)));
  const isAuthenticated = source.chapAuthDiscovery || source.chapAuthSession;
  if (isAuthenticated && !secretRef) errors.push(required(`${field}.secretRef`));
  if (secretRef) errors.push(...missing(secretRef, `${field}.secretRef`, ['name']));
  if (initiator !== undefined && !isIscsiName(initiator)) errors.push(invalid(`${field}.initiatorname`, initiator, form));
  return errors;
}

function isInitiatorTooLong({ initiatorName, targetPortal = '' }: Partial<ISCSIVolumeSource>, volume: string): boolean {
  return initiatorName !== undefined && `${volume}:${targetPortal}`.length > initiatorLengthMax;
}

/** Of a pod's volume its own name is what is too long, whatever else the volume may be. */
export function iscsiVolumeName(source: ISCSIVolumeSource | undefined, field: string, volume = ''): FieldError[] {
  return source && isInitiatorTooLong(source, volume) ? [invalid(`${field}.name`, volume, initiatorRule)] : [];
}

/** Pods are told more of names. */
function podIscsiSource(source: ISCSIVolumeSource, field: string, volume: string): FieldError[] {
  const errors = iscsiSource(source as ISCSIPersistentVolumeSource, `${field}.iscsi`, volume);
  const others = [`${field}.iscsi.secretRef.name`, `${field}.iscsi.targetportal`];
  const own = errors.filter((error) => !others.includes(error.field));
  return own.map((error) => {
    const isName = error.field === `${field}.iscsi.iqn` || error.field === `${field}.iscsi.initiatorname`;
    if (!isName || error.type !== 'Invalid' || /^(iqn|eui|naa)/.test(String(error.value))) return error;
    return { ...error, detail: `${error.detail} starting with iqn, eui, or naa` };
  });
}

function isIscsiName(name: string): boolean {
  if (name.startsWith('iqn')) return /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/.test(name);
  if (name.startsWith('eui')) return /^eui.[A-Za-z0-9]{16}$/.test(name);
  return /^naa.[A-Za-z0-9]{32}$/.test(name);
}

function fibreChannelSource({ targetWWNs: names = [], wwids = [], lun }: FCVolumeSource, field: string): FieldError[] {
  const at = `${field}.targetWWNs`;
  const errors: FieldError[] = [];
  if (names.length === 0 && wwids.length === 0) errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'));
  if (names.length === 0) return errors;
  if (wwids.length > 0) errors.push(invalid(at, names, 'targetWWNs and wwids can not be specified simultaneously'));
  if (lun === undefined) return [...errors, required(`${field}.lun`, 'lun is required if targetWWNs is specified')];
  return [...errors, ...invalidAll(`${field}.lun`, lun, inRange(lun, 0, 255))];
}

function options(given: Record<string, string> | undefined, field: string): FieldError[] {
  const isReserved = (key: string) => /(^|\.)(kubernetes|k8s)\.io$/i.test(key.split('/')[0] ?? '');
  const reserved = Object.keys(given ?? {}).filter(isReserved);
  return reserved.map((key) => invalid(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'));
}

const cachingModes = ['None', 'ReadOnly', 'ReadWrite'];
const diskKinds = ['Dedicated', 'Managed', 'Shared'];
const managedUri = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function azureDiskSource(disk: AzureDiskVolumeSource, field: string): FieldError[] {
  const { cachingMode, kind, diskURI = '' } = disk;
  const errors = missing(disk, field, ['diskName', 'diskURI']);
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(notSupported(`${field}.cachingMode`, cachingMode, cachingModes));
  }
  if (kind === undefined) return errors;
  if (!diskKinds.includes(kind)) errors.push(notSupported(`${field}.kind`, kind, diskKinds));
  const [start, form] = kind === 'Managed' ? ['/subscriptions/', managedUri] : ['https://', blobUri];
  return diskURI.startsWith(start) ? errors : [...errors, notSupported(`${field}.diskURI`, diskURI, [form])];
}

function localSource(path: string | undefined, hasAffinity: boolean, field: string): FieldError[] {
  const at = `${field}.path`;
  const errors = path ? [] : [required(at)];
  if (path?.split('/').includes('..')) errors.push(invalid(at, path, "must not contain '..'"));
  const affinity = field.replace(/[^.]*$/, 'nodeAffinity');
  return hasAffinity ? errors : [...errors, required(affinity, 'Local volume requires node affinity')];
}

function storageOsSource(
  { volumeName: name, volumeNamespace: namespace, secretRef }: StorageOSPersistentVolumeSource,
  field: string,
): FieldError[] {
  const at = `${field}.volumeName`;
  return [
    ...(name ? invalidAll(at, name, dnsLabel(name)) : [required(at)]),
    ...(namespace ? invalidAll(`${field}.volumeNamespace`, namespace, dnsLabel(namespace)) : []),
    ...(secretRef ? missing(secretRef, `${field}.secretRef`, ['name', 'namespace']) : []),
  ];
}

const csiSecrets = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const;

function csiSource(csi: CSIPersistentVolumeSource, field: string): FieldError[] {
  return [
    ...driverName(csi.driver, `${field}.driver`),
    ...missing(csi, field, ['volumeHandle']),
    ...csiSecrets.flatMap((key) => (csi[key] ? secretReference(csi[key], `${field}.${key}`) : [])),
  ];
}

function secretReference({ name, namespace }: SecretReference, field: string): FieldError[] {
  return [
    ...(name ? invalidAll(`${field}.name`, name, dnsSubdomain(name)) : [required(`${field}.name`)]),
    ...(namespace ? invalidAll(`${field}.namespace`, namespace, dnsLabel(namespace)) : [required(`${field}.namespace`)]),
  ];
}
