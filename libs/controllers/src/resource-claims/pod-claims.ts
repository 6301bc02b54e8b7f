// Makes the ResourceClaims that pods ask for by a template, one for each pod, and says their names in the pod's status. A pod that has a
// node without its scheduler's help gets its claims reserved.
import { hasEnded, Pod, podResourceClaims, ResourceClaim, ResourceClaimTemplate } from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';

/** Says of a claim which of its pod's claims it is. */
export const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name';
const ownerIndex = 'owner-pod';
const templateIndex = 'resource-claim-template';
const claimIndex = 'resource-claim';
/** With a dash and five random characters, as long as a label may be. */
const baseLengthMax = 57;

export interface ObservedPodClaims {
  pod: Pod;
  /** What the pod names in its spec or status, as far as it is there, by name. */
  claims: Map<string, ResourceClaim>;
  /** Those that were made for it. */
  owned: ResourceClaim[];
  templates: Map<string, ResourceClaimTemplate>;
}

export const podClaimController: Controller<ObservedPodClaims> = {
  name: 'resource-claim-controller',
  owns: ['ResourceClaim[owned by pod]', 'Pod.status.resourceClaimStatuses', 'ResourceClaim.status.reservedFor[added]'],
  writes: ['resourceclaims.resource.k8s.io', 'resourceclaims.resource.k8s.io/status', 'pods/status'],
  watches: [
    watches(Pod, (pod) => (pod.spec.resourceClaims?.length ? [keyOf(pod)] : [])),
    watches(ResourceClaim, (claim, caches) => [...new Set([...ownersOf(claim), ...usersOf(claim, caches)])]),
    watches(ResourceClaimTemplate, (template, caches) => caches.of(Pod).byIndex(templateIndex, keyOf(template)).map(keyOf)),
  ],
  prepare(caches) {
    const keys = ({ metadata }: Pod, names: (string | undefined)[]) =>
      names.flatMap((name) => (name === undefined ? [] : [`${metadata.namespace}/${name}`]));
    const pods = caches.of(Pod);
    pods.addIndex(templateIndex, (pod) =>
      keys(
        pod,
        (pod.spec.resourceClaims ?? []).map((claim) => claim.resourceClaimTemplateName),
      ),
    );
    pods.addIndex(claimIndex, (pod) =>
      keys(
        pod,
        podResourceClaims(pod).map(({ claimName }) => claimName),
      ),
    );
    caches.of(ResourceClaim).addIndex(ownerIndex, (claim) => (ownerOf(claim) ? [ownerOf(claim)?.uid ?? ''] : []));
  },
  observe(key, caches) {
    const pod = caches.of(Pod).get(key);
    if (!pod?.spec.resourceClaims?.length || pod.metadata.deletionTimestamp || hasEnded(pod)) return undefined;
    const { namespace } = pod.metadata;
    const found = <T>(names: (string | undefined)[], get: (name: string) => T | undefined) =>
      new Map(
        names.flatMap((name): [string, T][] => {
          const one = name === undefined ? undefined : get(`${namespace}/${name}`);
          return name === undefined || one === undefined ? [] : [[name, one]];
        }),
      );
    return {
      pod,
      claims: found(
        podResourceClaims(pod).map(({ claimName }) => claimName),
        (claim) => caches.of(ResourceClaim).get(claim),
      ),
      owned: caches.of(ResourceClaim).byIndex(ownerIndex, pod.metadata.uid ?? ''),
      templates: found(
        pod.spec.resourceClaims.map((claim) => claim.resourceClaimTemplateName),
        (name) => caches.of(ResourceClaimTemplate).get(name),
      ),
    };
  },
  plan: planPodClaims,
};

/** The pod that a claim was made for. */
export function ownerOf({ metadata }: ResourceClaim): { name: string; uid: string } | undefined {
  return metadata.ownerReferences?.find(({ controller, apiVersion, kind }) => controller && apiVersion === 'v1' && kind === 'Pod');
}

function ownersOf(claim: ResourceClaim): string[] {
  const owner = ownerOf(claim);
  return owner ? [`${claim.metadata.namespace}/${owner.name}`] : [];
}

function usersOf(claim: ResourceClaim, caches: Caches): string[] {
  return caches.of(Pod).byIndex(claimIndex, keyOf(claim)).map(keyOf);
}

export function planPodClaims({ pod, claims, owned, templates }: ObservedPodClaims): Action[] {
  const actions: Action[] = [];
  const made: { name: string; resourceClaimName: string }[] = [];
  for (const { name = '', resourceClaimTemplateName: templateName } of pod.spec.resourceClaims ?? []) {
    if (templateName === undefined) continue;
    const known = podResourceClaims(pod).find((claim) => claim.name === name);
    const claim = claims.get(known?.claimName ?? '');
    if (known?.isUnneeded || (claim && isOwn(claim, pod))) continue;
    // One that was made and not yet said, or is said wrongly.
    const orphan = owned.find(({ metadata }) => metadata.annotations?.[podClaimAnnotation] === name && !metadata.deletionTimestamp);
    if (orphan) made.push({ name, resourceClaimName: orphan.metadata.name });
    else actions.push(make(pod, name, templateName, templates.get(templateName)));
  }
  return [...actions, ...say(pod, made), ...reserve(pod, claims)];
}

function isOwn(claim: ResourceClaim, pod: Pod): boolean {
  return ownerOf(claim)?.uid === pod.metadata.uid;
}

function make(pod: Pod, name: string, templateName: string, template: ResourceClaimTemplate | undefined): Action {
  const failed = (why: string) => ({
    ...{ about: pod, eventType: 'Warning' as const, reason: 'FailedResourceClaimCreation' },
    message: `PodResourceClaim ${name}: ${why}`,
  });
  if (!template) {
    const missing = `resourceclaimtemplate.resource.k8s.io ${JSON.stringify(templateName)} not found`;
    return { type: 'event', event: failed(`resource claim template ${JSON.stringify(templateName)}: ${missing}`) };
  }
  const { metadata = {}, spec = {} } = template.spec;
  const object: ResourceClaim = {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      name: '',
      generateName: baseName(pod.metadata.name, name),
      ...(pod.metadata.namespace !== undefined && { namespace: pod.metadata.namespace }),
      ...(metadata.labels && { labels: metadata.labels }),
      annotations: { ...metadata.annotations, [podClaimAnnotation]: name },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid ?? '', controller: true }],
    },
    spec,
  };
  return { type: 'create', kind: erased(ResourceClaim), object, onFailure: failed('create ResourceClaim : {error}') };
}

/** Of both names, a part in proportion to their lengths. */
function baseName(pod: string, claim: string): string {
  const whole = `${pod}-${claim}-`;
  if (whole.length <= baseLengthMax) return whole;
  const part = (text: string) => text.slice(0, Math.floor((text.length * baseLengthMax) / whole.length));
  return `${part(pod)}-${part(claim)}`;
}

function say(pod: Pod, resourceClaimStatuses: object[]): Action[] {
  if (resourceClaimStatuses.length === 0) return [];
  const patch = { status: { resourceClaimStatuses } };
  return [{ type: 'patch', kind: erased(Pod), key: pod.metadata, patchType: 'strategic', patch, subresource: 'status' }];
}

/** Without a node, that is the scheduler's. */
function reserve(pod: Pod, claims: Map<string, ResourceClaim>): Action[] {
  if (!pod.spec.nodeName) return [];
  const { name, uid = '' } = pod.metadata;
  return podResourceClaims(pod).flatMap(({ claimName = '', isGenerated }): Action[] => {
    const claim = claims.get(claimName);
    if (!claim?.status?.allocation || (isGenerated && !isOwn(claim, pod))) return [];
    const users = claim.status.reservedFor ?? [];
    if (users.some((user) => user.uid === uid)) return [];
    const status = { ...claim.status, reservedFor: [...users, { resource: 'pods', name, uid }] };
    return [{ type: 'updateStatus', kind: erased(ResourceClaim), object: { ...claim, status } as ResourceClaim }];
  });
}
