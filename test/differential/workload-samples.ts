// Workloads, services and storage of a namespace, as people write them. Each replaces fields of the smallest valid object.
type Part = Record<string, unknown>;

const labels = { app: 'web' };
const selector = { matchLabels: labels };
const template = {
  metadata: { labels, annotations: { a: 'b' } },
  spec: { containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80 }] }] },
};
const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'fast' },
};

export const workloadSamples: Record<string, Part[]> = {
  Deployment: [
    {
      spec: {
        selector,
        template,
        replicas: 3,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
        minReadySeconds: 5,
        revisionHistoryLimit: 2,
        progressDeadlineSeconds: 30,
        paused: true,
      },
    },
    {
      spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] }, template, strategy: { type: 'Recreate' } },
    },
  ],
  ReplicaSet: [{ spec: { selector, template, replicas: 2, minReadySeconds: 3 } }],
  ReplicationController: [{ spec: { selector: labels, template, replicas: 2 } }],
  DaemonSet: [
    {
      spec: {
        selector,
        template,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
        minReadySeconds: 3,
        revisionHistoryLimit: 3,
      },
    },
    { spec: { selector, template, updateStrategy: { type: 'OnDelete' } } },
  ],
  StatefulSet: [
    {
      spec: {
        selector,
        template,
        serviceName: 'web',
        replicas: 2,
        podManagementPolicy: 'Parallel',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1, maxUnavailable: 1 } },
        volumeClaimTemplates: [claim],
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
        ordinals: { start: 2 },
        minReadySeconds: 1,
      },
    },
  ],
  Job: [
    {
      spec: {
        template: once,
        completions: 3,
        parallelism: 2,
        completionMode: 'Indexed',
        backoffLimitPerIndex: 1,
        maxFailedIndexes: 2,
        ttlSecondsAfterFinished: 10,
      },
    },
    {
      spec: {
        template: once,
        backoffLimit: 3,
        activeDeadlineSeconds: 60,
        suspend: true,
        podReplacementPolicy: 'Failed',
        podFailurePolicy: {
          rules: [
            { action: 'FailJob', onExitCodes: { containerName: 'web', operator: 'In', values: [1, 2] } },
            { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          ],
        },
      },
    },
    {
      spec: {
        template: once,
        completions: 3,
        completionMode: 'Indexed',
        successPolicy: { rules: [{ succeededIndexes: '0,2', succeededCount: 1 }] },
        managedBy: 'example.com/x',
      },
    },
  ],
  CronJob: [
    {
      spec: {
        schedule: '0 3 * * *',
        timeZone: 'Europe/Berlin',
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: 30,
        suspend: false,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 2,
        jobTemplate: { metadata: { labels }, spec: { template: once, backoffLimit: 1 } },
      },
    },
  ],
  PodTemplate: [{ template }],
  Service: [
    {
      spec: {
        selector: labels,
        ports: [
          { name: 'http', port: 80, targetPort: 'http' },
          { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        ],
      },
    },
    {
      spec: {
        type: 'NodePort',
        selector: labels,
        ports: [{ port: 80, nodePort: 30123, appProtocol: 'http' }],
        externalTrafficPolicy: 'Local',
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      },
    },
    {
      spec: {
        type: 'LoadBalancer',
        selector: labels,
        ports: [{ port: 443 }],
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        allocateLoadBalancerNodePorts: false,
        loadBalancerClass: 'example.com/a',
        externalTrafficPolicy: 'Local',
      },
    },
    { spec: { type: 'ExternalName', externalName: 'a.example.com' } },
    { spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: labels } },
    {
      spec: {
        selector: labels,
        ports: [{ port: 80 }],
        externalIPs: ['1.2.3.4'],
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv4'],
        internalTrafficPolicy: 'Local',
        trafficDistribution: 'PreferClose',
      },
    },
  ],
  Endpoints: [
    {
      subsets: [
        {
          addresses: [{ ip: '10.1.1.1', hostname: 'a', nodeName: 'n', targetRef: { kind: 'Pod', name: 'p' } }],
          notReadyAddresses: [{ ip: '10.1.1.2' }],
          ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
        },
      ],
    },
  ],
  EndpointSlice: [
    {
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.1.1.1'],
          conditions: { ready: true, serving: true, terminating: false },
          hostname: 'a',
          nodeName: 'n',
          zone: 'z',
          hints: { forZones: [{ name: 'z' }] },
        },
      ],
      ports: [{ name: 'http', port: 80, appProtocol: 'http' }],
    },
    { addressType: 'FQDN', endpoints: [{ addresses: ['a.example.com'] }], ports: [] },
  ],
  PersistentVolumeClaim: [
    {
      spec: {
        accessModes: ['ReadWriteMany'],
        volumeMode: 'Block',
        resources: { requests: { storage: '1Gi' }, limits: { storage: '2Gi' } },
        storageClassName: 'fast',
        volumeName: 'v',
        selector,
      },
    },
    {
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'a' },
        volumeAttributesClassName: 'gold',
      },
    },
  ],
  HorizontalPodAutoscaler: [
    {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
          { type: 'Pods', pods: { metric: { name: 'a' }, target: { type: 'AverageValue', averageValue: '1' } } },
          {
            type: 'ContainerResource',
            containerResource: { name: 'cpu', container: 'web', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
        behavior: {
          scaleDown: { stabilizationWindowSeconds: 60, selectPolicy: 'Min', policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] },
          scaleUp: { tolerance: '0.1' },
        },
      },
    },
    {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        maxReplicas: 2,
        metrics: [
          {
            type: 'Object',
            object: {
              describedObject: { kind: 'Service', name: 'a', apiVersion: 'v1' },
              metric: { name: 'm' },
              target: { type: 'Value', value: '10' },
            },
          },
          { type: 'External', external: { metric: { name: 'q', selector }, target: { type: 'AverageValue', averageValue: '3' } } },
        ],
      },
    },
  ],
  PodDisruptionBudget: [{ spec: { maxUnavailable: '50%', selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' } }],
  ConfigMap: [
    { data: { a: '1', 'b.txt': 'x' }, binaryData: { c: 'YQ==' } },
    { immutable: true, data: { a: '1' } },
  ],
  Secret: [
    { type: 'kubernetes.io/tls', data: { 'tls.crt': 'YQ==', 'tls.key': 'YQ==' } },
    { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'e30=' } },
    { type: 'kubernetes.io/basic-auth', stringData: { username: 'a' } },
    { type: 'kubernetes.io/ssh-auth', stringData: { 'ssh-privatekey': 'a' } },
    { type: 'example.com/x', immutable: true, stringData: { a: 'b' } },
  ],
  ServiceAccount: [{ secrets: [{ name: 'a' }], imagePullSecrets: [{ name: 'b' }], automountServiceAccountToken: false }],
  Event: [
    {
      involvedObject: { kind: 'Pod', namespace: 'differential', name: 'web' },
      type: 'Warning',
      reason: 'BackOff',
      count: 2,
      source: { component: 'a', host: 'b' },
      firstTimestamp: '2020-01-02T03:04:05Z',
      reportingComponent: 'example.com/c',
    },
  ],

  Lease: [
    {
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        renewTime: '2020-01-02T03:04:05.000000Z',
        leaseTransitions: 1,
        acquireTime: '2020-01-02T03:04:05.123456Z',
      },
    },
  ],
  ControllerRevision: [{ data: { a: [1] }, revision: 3 }],
};
