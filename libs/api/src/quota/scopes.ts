// Which objects a quota is about, where it does not count them all.
import type { KubeObject } from '@berth/machinery';
import type { PersistentVolumeClaim, Pod, PodSpec, ResourceQuota, ScopedResourceSelectorRequirement } from '../generated/core-v1.types.ts';
import { qosClass } from '../strategies/qos.ts';
import type { Resource } from './usage.ts';

/** Whether the object is within the quota's scopes; all of them must hold. */
export function isInScope({ spec }: ResourceQuota, resource: Resource, object: KubeObject): boolean {
  const requirements: ScopedResourceSelectorRequirement[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  return requirements.every((requirement) => {
    if (resource.group !== '') return false;
    if (resource.plural === 'pods') return matchesPod(requirement, object as Pod);
    return resource.plural === 'persistentvolumeclaims' && matchesClaim(requirement, object as PersistentVolumeClaim);
  });
}

function matchesPod(requirement: ScopedResourceSelectorRequirement, { spec }: Pod): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(spec);
    case 'NotTerminating':
      return !isTerminating(spec);
    case 'BestEffort':
      return qosClass(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(spec) !== 'BestEffort';
    case 'PriorityClass':
      return matchesName(requirement, spec.priorityClassName);
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(spec);
    default:
      return false;
  }
}

function matchesClaim(requirement: ScopedResourceSelectorRequirement, { spec }: PersistentVolumeClaim): boolean {
  return requirement.scopeName === 'VolumeAttributesClass' && matchesName(requirement, spec?.volumeAttributesClassName);
}

function matchesName({ operator, values = [] }: ScopedResourceSelectorRequirement, name: string | undefined): boolean {
  if (operator === 'Exists') return Boolean(name);
  if (operator === 'DoesNotExist') return !name;
  const isListed = Boolean(name) && values.includes(name ?? '');
  return operator === 'NotIn' ? !isListed : isListed;
}

/** It will end by itself. */
function isTerminating({ activeDeadlineSeconds }: PodSpec): boolean {
  return activeDeadlineSeconds !== undefined && activeDeadlineSeconds >= 0;
}

function reachesOtherNamespaces({ affinity }: PodSpec): boolean {
  const kinds = [affinity?.podAffinity, affinity?.podAntiAffinity];
  const terms = kinds.flatMap((kind) => [
    ...(kind?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(kind?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined);
}
