// The pod that a build runs in: not root, no privileges but the two that give a user namespace further users, nothing of the node's but
// what its own volumes are, everything limited. Pure.
import type { Pod, Volume, VolumeMount } from '@berth/api';
import { builderPaths, builderUid } from './builder-script.ts';

/** Who pushes; only its own namespace's images. */
export const builderAccount = 'berth-builder';
/** How pods reach the API server, which has the registry behind it. */
export const registryAddress = 'kubernetes.default.svc';
/** In the folder of every agent. */
export const builderProfile = 'berth/image-build.json';
export const buildLabel = 'berth.io/build';
const tokenSeconds = 3600;

export interface BuildRequest {
  name: string;
  namespace: string;
  /** The registry as nodes call it. */
  registry: string;
  /** In full, with its tag. */
  image: string;
  builderImage: string;
  contextImage: string;
  dockerfile: string;
  /** Of buildah. */
  arguments: string[];
  /** A Secret whose keys are the build's secrets. */
  secret?: string | undefined;
  /** A Secret of type kubernetes.io/dockerconfigjson. */
  pushSecret?: string | undefined;
  /** A claim that keeps layers between builds. */
  cacheClaim?: string | undefined;
  memory: string;
  timeoutSeconds: number;
}

export function buildPod(request: BuildRequest): Pod {
  const { name, namespace, memory, timeoutSeconds } = request;
  const mounts = [...mountsOf(request)];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { [buildLabel]: name, 'app.kubernetes.io/managed-by': 'berth' } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: timeoutSeconds,
      serviceAccountName: builderAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: builderUid, runAsGroup: builderUid },
        seccompProfile: { type: 'Localhost', localhostProfile: builderProfile },
      },
      containers: [
        {
          name: 'build',
          image: request.builderImage,
          command: ['/bin/sh', '/usr/bin/berth-build'],
          args: [...request.arguments],
          env: environment(request),
          securityContext: {
            // newuidmap is what gains them, and nothing else could.
            allowPrivilegeEscalation: true,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: ['SETUID', 'SETGID'] },
          },
          resources: {
            requests: { cpu: '100m', memory: '128Mi' },
            limits: { cpu: '4', memory, 'ephemeral-storage': '20Gi' },
          },
          // Where buildah looks for room whatever its variables say.
          volumeMounts: [...mounts.map(({ mount }) => mount), { name: 'tmp', mountPath: '/var/tmp' }],
        },
      ],
      volumes: mounts.map(({ volume }) => volume),
    },
  };
}

function environment({ registry, image, dockerfile, cacheClaim }: BuildRequest) {
  const values = {
    PATH: '/usr/bin:/bin',
    REGISTRY_NAME: registry,
    REGISTRY_ADDRESS: registryAddress,
    IMAGE: image,
    PUSH_IMAGE: image.startsWith(`${registry}/`) ? image.replace(registry, registryAddress) : image,
    DOCKERFILE: dockerfile,
    STORAGE: cacheClaim === undefined ? `${builderPaths.work}/storage` : `${builderPaths.cache}/storage`,
  };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function* mountsOf(request: BuildRequest): Generator<{ volume: Volume; mount: VolumeMount }> {
  const { contextImage, secret, pushSecret, cacheClaim } = request;
  const mounted = (name: string, mountPath: string, source: Omit<Volume, 'name'>, readOnly = true) => ({
    volume: { name, ...source },
    mount: { name, mountPath, ...(readOnly && { readOnly }) },
  });
  yield mounted('context', builderPaths.context, { image: { reference: contextImage, pullPolicy: 'IfNotPresent' } });
  yield mounted('work', builderPaths.work, { emptyDir: { sizeLimit: '20Gi' } }, false);
  yield mounted('tmp', '/tmp', { emptyDir: { sizeLimit: '1Gi' } }, false);
  yield mounted('registry-access', '/run/berth', {
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: tokenSeconds } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      ],
    },
  });
  if (secret !== undefined) yield mounted('secrets', builderPaths.secrets, { secret: { secretName: secret } });
  if (pushSecret !== undefined) yield mounted('push-secret', '/run/registry', { secret: { secretName: pushSecret } });
  if (cacheClaim !== undefined) yield mounted('cache', builderPaths.cache, { persistentVolumeClaim: { claimName: cacheClaim } }, false);
}
