// Where Kubernetes' internal types differ from those of its API: names of fields that are not what their JSON names suggest, fields
// that stand in another order, and those of a pod that stand within its security context.

/** Words that Go writes in capitals at the start of a name. */
export const initialisms =
  /^(api|uid|gid|ip|url|fs|id|cidr|iscsi|rbd|nfs|csi|tls|http|tcp|dns|tty|ttl|gce|aws|iqn|fc|grpc|gmsa|ssl|pd|qos|os)(?=[A-Z]|s?$)/;

/** JSON name → Go's, in every type. */
export const names: Record<string, string> = {
  seLinuxOptions: 'SELinuxOptions',
  seLinuxChangePolicy: 'SELinuxChangePolicy',
  wwids: 'WWIDs',
  cephfs: 'CephFS',
  storageos: 'StorageOS',
  chapAuthDiscovery: 'DiscoveryCHAPAuth',
  chapAuthSession: 'SessionCHAPAuth',
  diskURI: 'DataDiskURI',
  jsonPath: 'JSONPath',
  cel: 'CEL',
};

const rbdNames = { monitors: 'CephMonitors', image: 'RBDImage', pool: 'RBDPool', user: 'RadosUser' };

/** Type → JSON name → Go's. */
export const namesWithin: Record<string, Record<string, string> | undefined> = {
  'core.v1.RBDVolumeSource': rbdNames,
  'core.v1.RBDPersistentVolumeSource': rbdNames,
  'resource.v1.DeviceAttribute': { int: 'IntValue', bool: 'BoolValue', string: 'StringValue', version: 'VersionValue' },
  'apiextensions.v1.JSONSchemaProps': {
    $schema: 'Schema',
    $ref: 'Ref',
    'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
    'x-kubernetes-embedded-resource': 'XEmbeddedResource',
    'x-kubernetes-int-or-string': 'XIntOrString',
    'x-kubernetes-list-map-keys': 'XListMapKeys',
    'x-kubernetes-list-type': 'XListType',
    'x-kubernetes-map-type': 'XMapType',
    'x-kubernetes-validations': 'XValidations',
  },
  'core.v1.PhotonPersistentDiskVolumeSource': { pdID: 'PdID' },
  'core.v1.GlusterfsVolumeSource': { endpoints: 'EndpointsName' },
  'core.v1.GlusterfsPersistentVolumeSource': { endpoints: 'EndpointsName' },
};

/** Type → JSON names in Go's order; what is not named there does not exist. */
export const orders: Record<string, string[] | undefined> = {
  'apiextensions.v1.JSONSchemaProps': [
    ...['id', '$schema', '$ref', 'description', 'type', 'nullable', 'format', 'title', 'default', 'maximum', 'exclusiveMaximum'],
    ...['minimum', 'exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'multipleOf'],
    ...['enum', 'maxProperties', 'minProperties', 'required', 'items', 'allOf', 'oneOf', 'anyOf', 'not', 'properties'],
    ...['additionalProperties', 'patternProperties', 'dependencies', 'additionalItems', 'definitions', 'externalDocs', 'example'],
    ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string'],
    ...['x-kubernetes-list-map-keys', 'x-kubernetes-list-type', 'x-kubernetes-map-type', 'x-kubernetes-validations'],
  ],
  'core.v1.PodSpec': [
    ...['volumes', 'initContainers', 'containers', 'ephemeralContainers', 'restartPolicy', 'terminationGracePeriodSeconds'],
    ...['activeDeadlineSeconds', 'dnsPolicy', 'nodeSelector', 'serviceAccountName', 'automountServiceAccountToken', 'nodeName'],
    ...['securityContext', 'imagePullSecrets', 'hostname', 'subdomain', 'setHostnameAsFQDN', 'affinity', 'schedulerName', 'tolerations'],
    ...['hostAliases', 'priorityClassName', 'priority', 'preemptionPolicy', 'dnsConfig', 'readinessGates', 'runtimeClassName', 'overhead'],
    ...['enableServiceLinks', 'topologySpreadConstraints', 'os', 'schedulingGates', 'resourceClaims', 'resources', 'hostnameOverride'],
    'workloadRef',
  ],
  'core.v1.PodSecurityContext': [
    ...['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers', 'seLinuxOptions', 'windowsOptions', 'runAsUser'],
    ...['runAsGroup', 'runAsNonRoot', 'supplementalGroups', 'supplementalGroupsPolicy', 'fsGroup', 'fsGroupChangePolicy', 'sysctls'],
    ...['seccompProfile', 'appArmorProfile', 'seLinuxChangePolicy'],
  ],
  'core.v1.SecurityContext': [
    ...['capabilities', 'privileged', 'seLinuxOptions', 'windowsOptions', 'runAsUser', 'runAsGroup', 'runAsNonRoot'],
    ...['readOnlyRootFilesystem', 'allowPrivilegeEscalation', 'procMount', 'seccompProfile', 'appArmorProfile'],
  ],
  'core.v1.VolumeSource': [
    ...['hostPath', 'emptyDir', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'secret', 'nfs', 'iscsi', 'glusterfs'],
    ...['persistentVolumeClaim', 'rbd', 'quobyte', 'flexVolume', 'cinder', 'cephfs', 'flocker', 'downwardAPI', 'fc', 'azureFile'],
    ...['configMap', 'vsphereVolume', 'azureDisk', 'photonPersistentDisk', 'projected', 'portworxVolume', 'scaleIO', 'storageos'],
    ...['csi', 'ephemeral', 'image'],
  ],
  'core.v1.PersistentVolumeSource': [
    ...['gcePersistentDisk', 'awsElasticBlockStore', 'hostPath', 'glusterfs', 'nfs', 'rbd', 'quobyte', 'iscsi', 'flexVolume', 'cinder'],
    ...['cephfs', 'fc', 'flocker', 'azureFile', 'vsphereVolume', 'azureDisk', 'photonPersistentDisk', 'portworxVolume', 'scaleIO'],
    ...['local', 'storageos', 'csi'],
  ],
};

/** Fields of a pod's spec that Go has in its security context. */
export const movedIntoSecurityContext = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'];
