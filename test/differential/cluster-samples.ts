// Networking, rights, storage, nodes, certificates: as people write them. Each replaces fields of the smallest valid object.
type Part = Record<string, unknown>;

const selector = { matchLabels: { app: 'web' } };
const backend = { service: { name: 'web', port: { name: 'http' } } };
const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }] }];
const disk = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };

export const clusterSamples: Record<string, Part[]> = {
  Ingress: [
    {
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['a.example.com'], secretName: 'tls' }],
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend },
                { path: '/x', pathType: 'Exact', backend: { service: { name: 'b', port: { number: 80 } } } },
              ],
            },
          },
          {
            host: '*.example.com',
            http: {
              paths: [
                { pathType: 'ImplementationSpecific', backend: { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'c' } } },
              ],
            },
          },
        ],
      },
    },
  ],
  IngressClass: [
    {
      spec: {
        controller: 'example.com/ingress',
        parameters: { apiGroup: 'example.com', kind: 'Params', name: 'p', scope: 'Namespace', namespace: 'n' },
      },
    },
  ],
  NetworkPolicy: [
    {
      spec: {
        podSelector: selector,
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [{ namespaceSelector: selector, podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
            ports: [{ protocol: 'TCP', port: 'http' }],
          },
        ],
        egress: [{ to: [{ podSelector: selector }], ports: [{ protocol: 'UDP', port: 1000, endPort: 2000 }] }],
      },
    },
  ],
  Role: [{ rules: [{ apiGroups: ['', 'apps'], resources: ['pods', 'deployments/scale'], verbs: ['get', '*'], resourceNames: ['a'] }] }],
  RoleBinding: [
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    },
  ],
  ClusterRole: [
    {
      rules: [
        { nonResourceURLs: ['/healthz', '/a/*'], verbs: ['get'] },
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      ],
    },
    { aggregationRule: { clusterRoleSelectors: [selector] }, rules: [] },
  ],
  ClusterRoleBinding: [
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'Group', name: 'g', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ],
  PersistentVolume: [
    {
      spec: {
        ...disk,
        local: { path: '/a' },
        nodeAffinity: { required: { nodeSelectorTerms: terms } },
        storageClassName: 'local',
        persistentVolumeReclaimPolicy: 'Delete',
        volumeMode: 'Block',
      },
    },
    {
      spec: { ...disk, nfs: { server: 's', path: '/a', readOnly: true }, mountOptions: ['hard'], claimRef: { namespace: 'a', name: 'b' } },
    },
    {
      spec: {
        ...disk,
        csi: {
          driver: 'd.example.com',
          volumeHandle: 'h',
          fsType: 'ext4',
          volumeAttributes: { a: 'b' },
          nodeStageSecretRef: { name: 's', namespace: 'n' },
        },
      },
    },
    {
      spec: {
        ...disk,
        iscsi: { targetPortal: '1.2.3.4', iqn: 'iqn.2001-04.com.example:a', lun: 0, chapAuthDiscovery: true, secretRef: { name: 's' } },
      },
    },
    { spec: { ...disk, rbd: { monitors: ['m'], image: 'i', secretRef: { name: 's' } } } },
    { spec: { ...disk, gcePersistentDisk: { pdName: 'a' } } },
    { spec: { ...disk, azureFile: { secretName: 'a', shareName: 'b', secretNamespace: 'c' } } },
    { spec: { ...disk, fc: { lun: 1, targetWWNs: ['a'] } } },
    { spec: { ...disk, flexVolume: { driver: 'a/b', secretRef: { name: 's' } } } },
    { spec: { ...disk, cephfs: { monitors: ['a'], path: '/p', user: 'u' } } },
    { spec: { ...disk, awsElasticBlockStore: { volumeID: 'a', partition: 1 } } },
  ],
  StorageClass: [
    {
      provisioner: 'example.com/disk',
      parameters: { a: 'b' },
      reclaimPolicy: 'Retain',
      allowVolumeExpansion: true,
      mountOptions: ['ro'],
      volumeBindingMode: 'WaitForFirstConsumer',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }],
    },
  ],
  VolumeAttachment: [
    {
      spec: {
        attacher: 'd.example.com',
        nodeName: 'n1',
        source: { inlineVolumeSpec: { ...disk, csi: { driver: 'd', volumeHandle: 'h' } } },
      },
    },
  ],
  CSIDriver: [
    {
      spec: {
        attachRequired: false,
        podInfoOnMount: true,
        fsGroupPolicy: 'File',
        storageCapacity: true,
        volumeLifecycleModes: ['Persistent', 'Ephemeral'],
        tokenRequests: [{ audience: 'a', expirationSeconds: 600 }],
        requiresRepublish: true,
        seLinuxMount: true,
      },
    },
  ],
  CSINode: [{ spec: { drivers: [{ name: 'd.example.com', nodeID: 'n1', topologyKeys: ['zone'], allocatable: { count: 3 } }] } }],
  CSIStorageCapacity: [{ storageClassName: 'fast', capacity: '10Gi', maximumVolumeSize: '1Gi', nodeTopology: selector }],
  Node: [
    {
      spec: {
        podCIDR: '10.1.0.0/24',
        podCIDRs: ['10.1.0.0/24'],
        providerID: 'a://b',
        unschedulable: true,
        taints: [{ key: 'a', value: 'b', effect: 'NoExecute' }],
      },
    },
  ],
  Namespace: [{ spec: { finalizers: ['kubernetes'] } }],
  RuntimeClass: [
    {
      handler: 'runc',
      overhead: { podFixed: { cpu: '10m', memory: '10Mi' } },
      scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'a', operator: 'Exists' }] },
    },
  ],
};
