// An ImageBuild from its creation to its end: a pod is made for it, its status follows that pod's, and both go when their time is over. What
// it needs and does not have, it waits for, and says so.
import { CustomResourceDefinition, type Pod, Pod as PodKind, ServiceAccount } from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, type KindDefinition, keyOf } from '@berth/machinery';
import { customKind } from '../custom-scale.ts';
import { buildFailure } from './build-failure.ts';
import { builderAccount, buildLabel, buildPod, buildTimeoutSecondsDefault, memoryDefault } from './build-pod.ts';
import { resultPrefix } from './builder-script.ts';
import {
  type BuildCondition,
  builderImageAnnotation,
  buildGroup,
  type ImageBuild,
  imageBuildDefinitionName,
  imageBuildKind,
  registryAnnotation,
} from './image-build-kind.ts';
import { ImageNameError, imageNameOf, imageText } from './image-name.ts';

const keptSecondsDefault = 24 * 3600;
/** In status.conditions. */
const messageCharsMax = 1024;

export interface ObservedBuild {
  kind: KindDefinition;
  build: ImageBuild;
  registry: string | undefined;
  builderImage: string | undefined;
  hasAccount: boolean;
  pod: Pod | undefined;
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
    watches(CustomResourceDefinition, ({ metadata }, caches) =>
      metadata.name === imageBuildDefinitionName ? buildsIn(caches).map(keyOf) : [],
    ),
  ],
  watchesCustom: (kind) => watches(kind, (object) => (kind.group === buildGroup && kind.kind === imageBuildKind ? [keyOf(object)] : [])),
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
      pod: pod?.metadata.ownerReferences?.some((owner) => owner.uid === uid) ? pod : undefined,
    };
  },
  plan: planBuild,
};

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
  const refusal = waitsFor(observed);
  if (refusal) return statusActions(observed, { phase: 'Waiting', condition: { type: 'Prepared', status: 'False', ...refusal } }, now);
  try {
    return [{ type: 'create', kind: erased(PodKind), object: podOf(kind, observed) }];
  } catch (error) {
    if (!(error instanceof ImageNameError)) throw error;
    return statusActions(observed, ended('Failed', 'InvalidImage', error.message, now), now);
  }
}

function waitsFor({ build, registry, builderImage, hasAccount }: ObservedBuild): { reason: string; message: string } | undefined {
  const remedy = `berth build --prepare -n ${build.metadata.namespace} makes it`;
  if (!registry || !builderImage) return { reason: 'NoBuilder', message: `the image that builds run in is not there yet: ${remedy}` };
  return hasAccount
    ? undefined
    : { reason: 'NoAccount', message: `there is no ServiceAccount ${builderAccount} that may push images: ${remedy}` };
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

type Status = NonNullable<ImageBuild['status']>;
/** What differs from what is there. */
interface Next extends Status {
  condition?: Omit<BuildCondition, 'lastTransitionTime'>;
}

function podStatus({ status = {} }: ImageBuild, { metadata, spec, status: of }: Pod, now: number): Next {
  const { terminated, running } = of?.containerStatuses?.[0]?.state ?? {};
  const image = spec.containers[0]?.env?.find(({ name }) => name === 'IMAGE')?.value;
  const begun = { podName: metadata.name, image, startTime: status.startTime ?? metadata.creationTimestamp ?? instant(now) };
  if (of?.phase === 'Succeeded') {
    const digest = new RegExp(`${resultPrefix}(sha256:[0-9a-f]{64})`).exec(terminated?.message ?? '')?.[1];
    if (digest === undefined) return { ...begun, ...ended('Failed', 'NoDigest', 'its pod ended without saying what it pushed', now) };
    return { ...begun, digest, ...ended('Complete', 'Pushed', `${image}@${digest} was pushed`, now) };
  }
  if (of?.phase === 'Failed') {
    const reason = of.reason || terminated?.reason || 'Error';
    const said = of.message || buildFailure(terminated?.message ?? '', '').message;
    return { ...begun, ...ended('Failed', reason, `${said || 'it failed'}: kubectl logs ${metadata.name} says more`, now) };
  }
  return { ...begun, phase: running ? 'Running' : 'Pending' };
}

function ended(type: 'Complete' | 'Failed', reason: string, message: string, now: number): Next {
  return {
    phase: type,
    completionTime: instant(now),
    condition: { type, status: 'True', reason, message: message.slice(0, messageCharsMax) },
  };
}

/** Nothing where all of it is said already. */
function statusActions({ kind, build }: ObservedBuild, { condition, ...next }: Next, now: number): Action[] {
  const { status = {} } = build;
  const known = status.conditions ?? [];
  const others = known.filter(({ type }) => type !== condition?.type && !(next.podName && type === 'Prepared'));
  const before = known.find(({ type }) => type === condition?.type);
  const isSame = before !== undefined && before.status === condition?.status;
  const conditions = condition
    ? [...others, { ...condition, lastTransitionTime: isSame ? before.lastTransitionTime : instant(now) }]
    : others;
  const wanted: Status = { ...status, ...next, ...((conditions.length > 0 || known.length > 0) && { conditions }) };
  if (deepEqual(wanted, status)) return [];
  const { namespace, name, uid } = build.metadata;
  return [
    {
      type: 'patch',
      kind,
      key: { namespace, name },
      patchType: 'merge',
      patch: { metadata: { uid }, status: wanted },
      subresource: 'status',
    },
  ];
}

function planEnd({ kind, build }: ObservedBuild, now: number): Action[] {
  const { metadata, spec, status } = build;
  const endsMs = Date.parse(status?.completionTime ?? '') + (spec.ttlSecondsAfterFinished ?? keptSecondsDefault) * 1000;
  if (endsMs > now) return [{ type: 'requeue', afterMs: endsMs - now }];
  const { namespace, name, uid = '' } = metadata;
  return [{ type: 'delete', kind, key: { namespace, name }, uid, propagationPolicy: 'Background' }];
}

function instant(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
