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
export const builderContainer = 'build';
export const memoryDefault = '2Gi';
export const buildTimeoutSecondsDefault = 3600;
const tokenSecondsMin = 600;

/** What buildah is asked for. */
export interface BuildSettings {
  /** `NAME=VALUE`, as the next. */
  buildArguments: string[];
  labels: string[];
  /** Names of the build's secrets. */
  secretIds: string[];
  target?: string | undefined;
  isUncached: boolean;
}

/** One of them. */
export interface BuildSource {
  image?: string;
  configMap?: string;
  claim?: { name: string; path?: string };
}

export interface BuildRequest {
  name: string;
  namespace: string;
  /** The registry as nodes call it. */
  registry: string;
  /** In full, with its tag. */
  image: string;
  builderImage: string;
  source: BuildSource;
  dockerfile: string;
  settings: BuildSettings;
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
  const { name, namespace, timeoutSeconds, settings, source } = request;
  const { image, dockerfile } = request;
  return podOf(request, {
    metadata: { name, namespace, labels: { [buildLabel]: name, 'app.kubernetes.io/managed-by': 'berth' } },
    command: ['/bin/sh', '/usr/bin/berth-build'],
    args: buildahArguments(settings),
    environment: {
      ...buildEnvironment({ image, dockerfile, registry: request.registry }),
      // Files of a ConfigMap are links, which an image would get as such.
      CONTEXT_LINKS: source.configMap === undefined ? '' : 'followed',
    },
    mounts: [contextMount(source)],
    deadlineSeconds: timeoutSeconds,
  });
}

/** Of what a build's pod and a builder's have in common. */
export type PodRequest = Pick<
  BuildRequest,
  'registry' | 'builderImage' | 'secret' | 'pushSecret' | 'cacheClaim' | 'memory' | 'timeoutSeconds'
>;

interface PodParts {
  metadata: Pod['metadata'];
  command: string[];
  args?: string[];
  environment: Record<string, string>;
  mounts: Mount[];
  deadlineSeconds?: number;
}

interface Mount {
  volume: Volume;
  mount: VolumeMount;
}

export function podOf(request: PodRequest, { metadata, command, args, environment, mounts: own, deadlineSeconds }: PodParts): Pod {
  const mounts = [...own, ...mountsOf(request)];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {
      restartPolicy: 'Never',
      ...(deadlineSeconds !== undefined && { activeDeadlineSeconds: deadlineSeconds }),
      serviceAccountName: builderAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: builderUid, runAsGroup: builderUid },
        // A claim is root's as it is made.
        ...(request.cacheClaim !== undefined && { fsGroup: builderUid }),
        seccompProfile: { type: 'Localhost', localhostProfile: builderProfile },
      },
      containers: [
        {
          name: builderContainer,
          image: request.builderImage,
          command,
          ...(args && { args }),
          // Of a build that failed, what it wrote last.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          env: variables({ ...commonEnvironment(request), ...environment }),
          securityContext: {
            // newuidmap is what gains them, and nothing else could.
            allowPrivilegeEscalation: true,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: ['SETUID', 'SETGID'] },
          },
          resources: {
            // What has a limit alone would be reserved in full.
            requests: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
            limits: { cpu: '4', memory: request.memory, 'ephemeral-storage': '20Gi' },
          },
          // Where buildah looks for room whatever its variables say.
          volumeMounts: [...mounts.map(({ mount }) => mount), { name: 'tmp', mountPath: '/var/tmp' }],
        },
      ],
      volumes: mounts.map(({ volume }) => volume),
    },
  };
}

export function buildahArguments({ buildArguments, labels, target, isUncached, secretIds }: BuildSettings): string[] {
  return [
    ...buildArguments.flatMap((text) => ['--build-arg', text]),
    ...labels.flatMap((text) => ['--label', text]),
    ...secretIds.flatMap((id) => ['--secret', `id=${id},src=${builderPaths.secrets}/${id}`]),
    ...(target === undefined ? [] : ['--target', target]),
    ...(isUncached ? ['--no-cache'] : []),
  ];
}

/** What differs between builds. */
export function buildEnvironment({ registry, image, dockerfile }: Pick<BuildRequest, 'registry' | 'image' | 'dockerfile'>) {
  return {
    IMAGE: image,
    PUSH_IMAGE: image.startsWith(`${registry}/`) ? image.replace(registry, registryAddress) : image,
    DOCKERFILE: dockerfile,
  };
}

function commonEnvironment({ registry, cacheClaim }: PodRequest) {
  return {
    PATH: '/usr/bin:/bin',
    REGISTRY_NAME: registry,
    REGISTRY_ADDRESS: registryAddress,
    STORAGE: cacheClaim === undefined ? `${builderPaths.work}/storage` : `${builderPaths.cache}/storage`,
  };
}

function variables(values: Record<string, string>) {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

const mounted = (name: string, mountPath: string, source: Omit<Volume, 'name'>, readOnly = true): Mount => ({
  volume: { name, ...source },
  mount: { name, mountPath, ...(readOnly && { readOnly }) },
});

function* mountsOf({ secret, pushSecret, cacheClaim, timeoutSeconds }: PodRequest): Generator<Mount> {
  yield mounted('work', builderPaths.work, { emptyDir: { sizeLimit: '20Gi' } }, false);
  yield mounted('tmp', '/tmp', { emptyDir: { sizeLimit: '1Gi' } }, false);
  yield mounted('registry-access', '/run/berth', {
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: Math.max(tokenSecondsMin, timeoutSeconds) } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      ],
    },
  });
  if (secret !== undefined) yield mounted('secrets', builderPaths.secrets, { secret: { secretName: secret } });
  if (pushSecret !== undefined) yield mounted('push-secret', '/run/registry', { secret: { secretName: pushSecret } });
  if (cacheClaim !== undefined) yield mounted('cache', builderPaths.cache, { persistentVolumeClaim: { claimName: cacheClaim } }, false);
}

function contextMount({ image, configMap, claim }: BuildSource): Mount {
  const name = 'context';
  const mount = { name, mountPath: builderPaths.context, readOnly: true };
  if (image !== undefined) return { volume: { name, image: { reference: image, pullPolicy: 'IfNotPresent' } }, mount };
  if (configMap !== undefined) return { volume: { name, configMap: { name: configMap } }, mount };
  const { name: claimName = '', path } = claim ?? {};
  return {
    volume: { name, persistentVolumeClaim: { claimName, readOnly: true } },
    mount: { ...mount, ...(path !== undefined && { subPath: path }) },
  };
}
