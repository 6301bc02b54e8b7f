// What the registry in the cluster is made of: a Deployment of one pod over a claim, a Service that nodes know by its name, and the roles by which
// clients get tokens and nodes pull. Pure.
import { createHash } from 'node:crypto';
import { installedRegistry } from '@berth/api';
import type { KubeObject } from '@berth/machinery';

const { namespace, service: name, port, host, issuer, tokenPath, tokenSecret } = installedRegistry;

export const registryClaim = 'registry-data';
export const servingSecret = 'registry-serving';
export const configMapName = 'registry-config';
export const dataFolder = '/data';
/** Who the registry is in its pod, and of whom its files are. */
export const registryUid = 65_532;
export const registryLabels = { 'app.kubernetes.io/managed-by': 'berth', 'app.kubernetes.io/name': name };
/** Of roles and bindings, which are of no namespace. */
export const roleNames = ['berth:registry:clients', 'berth:registry:nodes'] as const;

const targetPort = 5000;
const rbac = 'rbac.authorization.k8s.io';

/** What is there before anything of the registry can run. */
export function baseObjects({ storage, storageClass }: { storage: string; storageClass: string | undefined }): KubeObject[] {
  return [
    object('v1', 'Namespace', { name: namespace, labels: registryLabels }),
    object('v1', 'Service', own(name), {
      spec: { selector: { 'app.kubernetes.io/name': name }, ports: [{ name: 'https', port, targetPort, protocol: 'TCP' }] },
    }),
    object('v1', 'PersistentVolumeClaim', own(registryClaim), {
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage } },
        ...(storageClass !== undefined && { storageClassName: storageClass }),
      },
    }),
    ...roleObjects(),
  ];
}

/** Who is known may ask for a token, whose contents follow from what RBAC allows; nodes pull everything, as who runs a pod could. */
function roleObjects(): KubeObject[] {
  const [clients, nodes] = roleNames;
  const role = (of: string, group: string, rules: object[]): KubeObject[] => [
    object(`${rbac}/v1`, 'ClusterRole', { name: of, labels: registryLabels }, { rules }),
    object(
      `${rbac}/v1`,
      'ClusterRoleBinding',
      { name: of, labels: registryLabels },
      {
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: of },
        subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
      },
    ),
  ];
  return [
    // Clients that POST at first are told to GET.
    ...role(clients, 'system:authenticated', [{ nonResourceURLs: [tokenPath], verbs: ['get', 'post'] }]),
    ...role(nodes, 'system:nodes', [{ nonResourceURLs: ['/v2', '/v2/*'], verbs: ['get'] }]),
  ];
}

export interface RegistrySecrets {
  serving: { certificate: string; key: string };
  /** Of tokens. */
  token: { certificate: string; key: string };
  /** What its replicas sign the state of uploads with. */
  uploads: string;
}

export interface RegistryDeployment {
  image: string;
  pullPolicy: 'IfNotPresent' | 'Never';
  node: string | undefined;
  /** Where its clients get tokens, as nodes and pods reach it. */
  tokenUrl: string;
  secrets: RegistrySecrets;
}

export function workloadObjects(wish: RegistryDeployment): KubeObject[] {
  const { secrets } = wish;
  const config = registryConfig(wish.tokenUrl);
  const tls = ({ certificate, key }: { certificate: string; key: string }) => ({ 'tls.crt': base64(certificate), 'tls.key': base64(key) });
  return [
    object('v1', 'Secret', own(servingSecret), { type: 'kubernetes.io/tls', data: tls(secrets.serving) }),
    object('v1', 'Secret', own(tokenSecret), {
      type: 'Opaque',
      data: { ...tls(secrets.token), uploads: base64(secrets.uploads) },
    }),
    object('v1', 'ConfigMap', own(configMapName), { data: { 'config.yml': config, 'tokens.crt': secrets.token.certificate } }),
    deployment(wish, config),
  ];
}

/** JSON is YAML. */
function registryConfig(tokenUrl: string): string {
  return JSON.stringify(
    {
      version: '0.1',
      log: { level: 'info', accesslog: { disabled: true } },
      // Without a cache of blobs, so that room can be made while it serves.
      storage: { filesystem: { rootdirectory: dataFolder }, delete: { enabled: true } },
      http: {
        addr: `:${targetPort}`,
        relativeurls: true,
        tls: { certificate: '/etc/registry/serving/tls.crt', key: '/etc/registry/serving/tls.key', minimumtls: 'tls1.2' },
        headers: { 'X-Content-Type-Options': ['nosniff'] },
      },
      auth: { token: { realm: tokenUrl, service: host, issuer, rootcertbundle: '/etc/registry/tokens.crt' } },
      health: { storagedriver: { enabled: true, interval: '10s', threshold: 3 } },
    },
    undefined,
    2,
  );
}

function deployment({ image, pullPolicy, node, secrets }: RegistryDeployment, config: string): KubeObject {
  // Another certificate or configuration is read at a start only.
  const facts = createHash('sha256').update(JSON.stringify([config, secrets.serving.certificate, secrets.token.certificate]));
  const probe = { httpGet: { scheme: 'HTTPS', port: targetPort, path: '/' } };
  const file = (source: string, path: string) => ({ name: source, mountPath: path, subPath: path.split('/').at(-1), readOnly: true });
  return object('apps/v1', 'Deployment', own(name), {
    spec: {
      replicas: 1,
      // One alone has the volume.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { 'app.kubernetes.io/name': name } },
      template: {
        metadata: { labels: registryLabels, annotations: { 'berth.io/configuration': facts.digest('hex').slice(0, 16) } },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          ...(node !== undefined && { nodeSelector: { 'kubernetes.io/hostname': node } }),
          securityContext: {
            ...{ runAsNonRoot: true, runAsUser: registryUid, runAsGroup: registryUid, fsGroup: registryUid },
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'registry',
              image,
              imagePullPolicy: pullPolicy,
              env: [{ name: 'REGISTRY_HTTP_SECRET', valueFrom: { secretKeyRef: { name: tokenSecret, key: 'uploads' } } }],
              ports: [{ name: 'https', containerPort: targetPort }],
              readinessProbe: { ...probe, periodSeconds: 2 },
              livenessProbe: { ...probe, periodSeconds: 20, failureThreshold: 6 },
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
              volumeMounts: [
                { name: 'data', mountPath: dataFolder },
                file('config', '/etc/registry/config.yml'),
                file('config', '/etc/registry/tokens.crt'),
                { name: 'serving', mountPath: '/etc/registry/serving', readOnly: true },
              ],
            },
          ],
          volumes: [
            { name: 'data', persistentVolumeClaim: { claimName: registryClaim } },
            { name: 'config', configMap: { name: configMapName } },
            { name: 'serving', secret: { secretName: servingSecret, defaultMode: 0o440 } },
          ],
        },
      },
    },
  });
}

function own(of: string) {
  return { name: of, namespace, labels: registryLabels };
}

function object(apiVersion: string, kind: string, metadata: KubeObject['metadata'], rest: object = {}): KubeObject {
  return { apiVersion, kind, metadata, ...rest };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
