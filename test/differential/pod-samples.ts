// Pod specs as people write them, in parts: each adds one area of the spec, and a sample is any few of them together.
import type { Random } from '@berth/telemetry';

type Spec = Record<string, unknown>;

const probe = {
  httpGet: { path: '/healthz', port: 8080, httpHeaders: [{ name: 'X-A', value: 'b' }] },
  periodSeconds: 5,
  timeoutSeconds: 2,
};

/** Fields of the container. */
const containerParts: Spec[] = [
  {
    ports: [
      { containerPort: 80, name: 'http' },
      { containerPort: 53, protocol: 'UDP', hostPort: 5353 },
    ],
  },
  {
    env: [
      { name: 'A', value: 'b' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
  },
  {
    env: [
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
      { name: 'MAP', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } },
    ],
    envFrom: [{ configMapRef: { name: 'm' }, prefix: 'P_' }, { secretRef: { name: 's' } }],
  },
  { resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } } },
  { resources: { limits: { 'hugepages-2Mi': '4Mi', 'example.com/gpu': '1', memory: '1Gi' } } },
  {
    livenessProbe: probe,
    readinessProbe: { tcpSocket: { port: 'http' } },
    startupProbe: { exec: { command: ['true'] }, failureThreshold: 30 },
  },
  { livenessProbe: { grpc: { port: 9000, service: 'a' }, terminationGracePeriodSeconds: 5 } },
  { lifecycle: { postStart: { exec: { command: ['a'] } }, preStop: { sleep: { seconds: 3 } } } },
  { lifecycle: { preStop: { httpGet: { port: 80, path: '/stop', scheme: 'HTTPS' } } } },
  {
    securityContext: {
      runAsUser: 1000,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    },
  },
  {
    securityContext: {
      privileged: true,
      procMount: 'Default',
      seccompProfile: { type: 'RuntimeDefault' },
      appArmorProfile: { type: 'Localhost', localhostProfile: 'a' },
    },
  },
  { securityContext: { allowPrivilegeEscalation: false, seLinuxOptions: { level: 's0:c1' }, windowsOptions: { runAsUserName: 'A' } } },
  { command: ['sh', '-c'], args: ['sleep 1'], workingDir: '/a', stdin: true, tty: true, imagePullPolicy: 'Always' },
  {
    terminationMessagePath: '/dev/x',
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
  },
  { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] },
];

/** Fields of the spec. */
const specParts: Spec[] = [
  { restartPolicy: 'Always', terminationGracePeriodSeconds: 5, activeDeadlineSeconds: 60, dnsPolicy: 'Default' },
  {
    nodeSelector: { disk: 'ssd' },
    priorityClassName: '',
    schedulerName: 'mine',
    serviceAccountName: 'default',
    automountServiceAccountToken: false,
  },
  { hostNetwork: true, hostPID: true, dnsPolicy: 'ClusterFirstWithHostNet' },
  { hostUsers: false, shareProcessNamespace: true, enableServiceLinks: false, hostname: 'a', subdomain: 'b', setHostnameAsFQDN: true },
  {
    hostAliases: [{ ip: '10.1.2.3', hostnames: ['a.example.com'] }],
    dnsConfig: { nameservers: ['10.1.1.1'], searches: ['a.b'], options: [{ name: 'ndots', value: '2' }] },
  },
  { tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 30 }, { operator: 'Exists' }] },
  {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] } },
        ],
      },
    },
  },
  {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['c'] },
        ],
      },
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              topologyKey: 'zone',
              namespaces: ['x'],
              namespaceSelector: {},
              labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
            },
          },
        ],
      },
    },
  },
  {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'web' } },
        minDomains: 2,
        matchLabelKeys: ['v'],
      },
      {
        maxSkew: 2,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        nodeAffinityPolicy: 'Ignore',
        nodeTaintsPolicy: 'Honor',
      },
    ],
  },
  {
    securityContext: {
      runAsUser: 1,
      runAsGroup: 2,
      fsGroup: 3,
      supplementalGroups: [4],
      fsGroupChangePolicy: 'OnRootMismatch',
      sysctls: [{ name: 'net.ipv4.ip_forward', value: '1' }],
    },
  },
  {
    securityContext: {
      seccompProfile: { type: 'Localhost', localhostProfile: 'a/b' },
      appArmorProfile: { type: 'RuntimeDefault' },
      seLinuxOptions: { user: 'u' },
      seLinuxChangePolicy: 'MountOption',
      supplementalGroupsPolicy: 'Strict',
    },
  },
  {
    os: { name: 'windows' },
    securityContext: { windowsOptions: { gmsaCredentialSpecName: 'a', hostProcess: false, runAsUserName: 'A\\b' } },
  },
  { os: { name: 'linux' }, runtimeClassName: 'absent', overhead: { cpu: '1m' } },
  { schedulingGates: [{ name: 'example.com/a' }], readinessGates: [{ conditionType: 'example.com/ready' }], preemptionPolicy: 'Never' },
  { imagePullSecrets: [{ name: 'a' }], resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } },
  {
    initContainers: [
      { name: 'init', image: 'busybox', command: ['true'] },
      { name: 'side', image: 'busybox', restartPolicy: 'Always' },
    ],
  },
  { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }] },
  { nodeName: 'n1' },
];

/** Each a list of volumes; all are mounted. */
const volumeParts: Spec[][] = [
  [
    { name: 'a', emptyDir: { sizeLimit: '1Gi', medium: 'Memory' } },
    { name: 'h', hostPath: { path: '/a', type: 'Directory' } },
  ],
  [
    { name: 'c', configMap: { name: 'm', items: [{ key: 'k', path: 'p/q', mode: 256 }], defaultMode: 420 } },
    { name: 's', secret: { secretName: 's' } },
  ],
  [
    {
      name: 'd',
      downwardAPI: {
        items: [
          { path: 'l', fieldRef: { fieldPath: 'metadata.labels' } },
          { path: 'c', resourceFieldRef: { containerName: 'web', resource: 'limits.cpu' } },
        ],
      },
    },
  ],
  [
    {
      name: 'p',
      projected: {
        sources: [
          { secret: { name: 's' } },
          { serviceAccountToken: { path: 't', expirationSeconds: 3600 } },
          { configMap: { name: 'm', optional: true } },
          { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } },
        ],
      },
    },
  ],
  [
    { name: 'v', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
    {
      name: 'e',
      ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } },
    },
  ],
  [
    { name: 'n', nfs: { server: 's', path: '/a' } },
    { name: 'i', iscsi: { targetPortal: '1.2.3.4', iqn: 'iqn.2001-04.com.example:a', lun: 0 } },
    { name: 'x', csi: { driver: 'd.example.com' } },
  ],
  [
    { name: 'g', gcePersistentDisk: { pdName: 'a' } },
    { name: 'w', awsElasticBlockStore: { volumeID: 'a' } },
    { name: 'z', azureFile: { secretName: 'a', shareName: 'b' } },
  ],
  [
    { name: 'r', rbd: { monitors: ['a'], image: 'b' } },
    { name: 'f', cephfs: { monitors: ['a'] } },
    { name: 'q', fc: { lun: 1, targetWWNs: ['a'] } },
    { name: 'b', image: { reference: 'a', pullPolicy: 'Always' } },
  ],
];

function pick<T>(from: readonly T[], count: number, random: Random): T[] {
  return Array.from({ length: count }, () => from[random.int(from.length)] as T);
}

/** @param restartPolicy what the kind that holds the template wants, if not Always */
export function samplePodSpec(random: Random, restartPolicy?: 'Never'): Spec {
  const container: Spec = Object.assign({ name: 'web', image: 'nginx' }, ...pick(containerParts, random.int(4), random));
  const spec: Spec = Object.assign({}, ...pick(specParts, random.int(3), random));
  if (random.int(3) === 0) {
    const volumes = volumeParts[random.int(volumeParts.length)] as Spec[];
    spec.volumes = volumes;
    container.volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/mnt/${name}` }));
  }
  spec.containers = random.int(4) === 0 ? [container, { name: 'second', image: 'busybox' }] : [container];
  if (restartPolicy) spec.restartPolicy = restartPolicy;
  return structuredClone(spec);
}
