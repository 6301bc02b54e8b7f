// An ImageBuild from its creation to its end: a pod is made for it, its status follows that pod's, and both go when their time is over. What
// it needs and does not have, it waits for, and says so.
import { ConfigMap, CustomResourceDefinition, PersistentVolumeClaim, type Pod, Pod as PodKind, Secret, ServiceAccount } from '@berth/api';
import { type Action, type Caches, type Controller, type ControllerWatch, erased, watches } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf } from '@berth/machinery';
import { customKind } from '../custom-scale.ts';
import { type BuildNeed, missingNeed, missingPreparation, needsOf } from './build-needs.ts';
import { builderAccount, buildLabel, buildPod, buildTimeoutSecondsDefault, memoryDefault } from './build-pod.ts';
import { ended, podStatus, statusActions, waiting } from './build-status.ts';
import {
  builderImageAnnotation,
  buildGroup,
  type ImageBuild,
  imageBuildDefinitionName,
  imageBuildKind,
  registryAnnotation,
} from './image-build-kind.ts';
import { ImageNameError, imageNameOf, imageText } from './image-name.ts';

const keptSecondsDefault = 24 * 3600;
const historyLimitDefault = 10;

export interface ObservedBuild {
  kind: KindDefinition;
  build: ImageBuild;
  registry: string | undefined;
  builderImage: string | undefined;
  hasAccount: boolean;
  /** Of what its spec names. */
  missing: { reason: string; message: string } | undefined;
  pod: Pod | undefined;
  /** Of the same image and namespace, those that ended after it, and how many of all that have ended stay. */
  history: { later: number; limit: number };
}

export const imageBuildController: Controller<ObservedBuild> = {
  name: 'image-build-controller',
  owns: ['ImageBuild.status', 'Pod for ImageBuild'],
  writes: ['imagebuilds.build.berth.io', 'imagebuilds.build.berth.io/status', 'pods'],
  watches: [
    watches(PodKind, (pod) => {
      const owner =
        buildLabel in (pod.metadata.labels ?? {}) ? pod.metadata.ownerReferences?.find(({ kind }) => kind === imageBuildKind) : undefined;
      return owner ? [`${pod.metadata.namespace}/${owner.name}`] : [];
    }),
    watches(ServiceAccount, ({ metadata }, caches) =>
      metadata.name === builderAccount
        ? buildsIn(caches)
            .filter((build) => build.metadata.namespace === metadata.namespace)
            .map(keyOf)
        : [],
    ),
    needed(ConfigMap, 'ConfigMap'),
    needed(PersistentVolumeClaim, 'PersistentVolumeClaim'),
    needed(Secret, 'Secret'),
    watches(CustomResourceDefinition, ({ metadata }, caches) =>
      metadata.name === imageBuildDefinitionName ? buildsIn(caches).map(keyOf) : [],
    ),
  ],
  watchesCustom: (kind) =>
    watches(kind, (object, caches) => {
      if (kind.group !== buildGroup || kind.kind !== imageBuildKind) return [];
      const build = object as ImageBuild;
      // Those that ended before it may be one too many now.
      return [
        keyOf(build),
        ...(hasEnded(build)
          ? buildsIn(caches)
              .filter((other) => isBefore(other, build))
              .map(keyOf)
          : []),
      ];
    }),
  observe(key, caches) {
    const kind = customKind(caches, buildGroup, imageBuildKind);
    const build = kind && (caches.of(kind).get(key) as ImageBuild | undefined);
    if (!build) return undefined;
    const { namespace, uid } = build.metadata;
    const pod = caches.of(PodKind).get(`${namespace}/${podNameOf(build)}`);
    const { [registryAnnotation]: registry, [builderImageAnnotation]: builderImage } =
      caches.of(CustomResourceDefinition).get(imageBuildDefinitionName)?.metadata.annotations ?? {};
    return {
      ...{ kind, build, registry, builderImage },
      hasAccount: caches.of(ServiceAccount).get(`${namespace}/${builderAccount}`) !== undefined,
      missing: pod || hasEnded(build) ? undefined : missingNeed(build, caches),
      history: historyOf(build, caches),
      pod: pod?.metadata.ownerReferences?.some((owner) => owner.uid === uid) ? pod : undefined,
    };
  },
  plan: planBuild,
};

/** Wakes those builds that have no pod yet and name it. */
function needed<T extends KubeObject>(kind: KindDefinition<T>, of: BuildNeed['kind']): ControllerWatch {
  return watches(kind, ({ metadata }, caches) =>
    buildsIn(caches)
      .filter((build) => build.metadata.namespace === metadata.namespace && build.status?.podName === undefined && !hasEnded(build))
      .filter((build) => needsOf(build).some((need) => need.kind === of && need.name === metadata.name))
      .map(keyOf),
  );
}

function hasEnded({ status }: ImageBuild): boolean {
  return status?.completionTime !== undefined;
}

/** Whether both have ended, are of the same image, and the first one did before the other. */
function isBefore(build: ImageBuild, other: ImageBuild): boolean {
  if (!hasEnded(build) || !hasEnded(other) || build.metadata.namespace !== other.metadata.namespace) return false;
  if (untagged(build) !== untagged(other)) return false;
  const order = (build.status?.completionTime ?? '').localeCompare(other.status?.completionTime ?? '');
  return order !== 0 ? order < 0 : build.metadata.name < other.metadata.name;
}

function untagged({ spec }: ImageBuild): string {
  return spec.image.replace(/:[^/:]*$/, '');
}

/** As the latest of them says. */
function historyOf(build: ImageBuild, caches: Caches): ObservedBuild['history'] {
  if (!hasEnded(build)) return { later: 0, limit: historyLimitDefault };
  const later = buildsIn(caches).filter((other) => !other.metadata.deletionTimestamp && isBefore(build, other));
  const latest = later.reduce((last, other) => (isBefore(last, other) ? other : last), build);
  return { later: later.length, limit: latest.spec.historyLimit ?? historyLimitDefault };
}

function buildsIn(caches: Caches): ImageBuild[] {
  const kind = customKind(caches, buildGroup, imageBuildKind);
  return kind ? (caches.of(kind).list() as ImageBuild[]) : [];
}

export function podNameOf({ metadata }: ImageBuild): string {
  return `${metadata.name.slice(0, 240).replace(/[-.]+$/, '')}-build`;
}

export function planBuild(observed: ObservedBuild, now: number): Action[] {
  const { kind, build, pod } = observed;
  if (build.metadata.deletionTimestamp) return [];
  if (build.status?.completionTime !== undefined) return planEnd(observed, now);
  if (pod) return statusActions(observed, podStatus(build, pod, now), now);
  if (build.status?.podName !== undefined)
    return statusActions(observed, ended('Failed', 'PodGone', 'its pod was deleted before it ended', now), now);
  const refusal = missingPreparation(build, observed) ?? observed.missing;
  if (refusal) return statusActions(observed, waiting(refusal.reason, refusal.message), now);
  try {
    const onFailure = { about: build, eventType: 'Warning' as const, reason: 'FailedCreate', message: 'Error creating its pod: {error}' };
    return [{ type: 'create', kind: erased(PodKind), object: podOf(kind, observed), onFailure }];
  } catch (error) {
    if (!(error instanceof ImageNameError)) throw error;
    return statusActions(observed, ended('Failed', 'InvalidImage', error.message, now), now);
  }
}

function podOf({ group, version }: KindDefinition, { build, registry = '', builderImage = '' }: ObservedBuild): Pod {
  const { metadata, spec } = build;
  const { namespace = '', name, uid = '' } = metadata;
  const { secret, pushSecret, cacheClaim, memory = memoryDefault, timeoutSeconds = buildTimeoutSecondsDefault } = spec;
  const pod = buildPod({
    ...{ name: podNameOf(build), namespace, registry, builderImage, source: spec.source, pushSecret, cacheClaim, memory, timeoutSeconds },
    image: imageText(imageNameOf(spec.image, { registry, namespace })),
    dockerfile: spec.dockerfile ?? 'Dockerfile',
    secret: secret?.name,
    settings: {
      buildArguments: pairs(spec.args),
      labels: pairs(spec.labels),
      secretIds: secret?.keys ?? [],
      target: spec.target,
      isUncached: spec.noCache ?? false,
    },
  });
  const owner = { apiVersion: `${group}/${version}`, kind: imageBuildKind, name, uid, controller: true, blockOwnerDeletion: true };
  return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
}

function pairs(values: Record<string, string> = {}): string[] {
  return Object.entries(values).map(([key, value]) => `${key}=${value}`);
}

/** Once its time is over, or there are enough later ones of its image. */
function planEnd({ kind, build, history }: ObservedBuild, now: number): Action[] {
  const { metadata, spec, status } = build;
  const endsMs = Date.parse(status?.completionTime ?? '') + (spec.ttlSecondsAfterFinished ?? keptSecondsDefault) * 1000;
  if (endsMs > now && history.later < history.limit) return [{ type: 'requeue', afterMs: endsMs - now }];
  const { namespace, name, uid = '' } = metadata;
  return [{ type: 'delete', kind, key: { namespace, name }, uid, propagationPolicy: 'Background' }];
}
