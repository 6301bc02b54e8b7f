// Ephemeral containers: added to a running pod to look at it, never changed or removed, and without anything that a scheduler,
// a service or a probe would have to know of.
import { deepClone, wasGivenEmpty } from '@berth/machinery';
import type { EphemeralContainer, Pod, PodSpec, VolumeMount } from '../generated/core-v1.types.ts';
import { isEqual } from './changes.ts';
import { commonContainer, untrimmedImages } from './containers.ts';
import { duplicate, each, type FieldError, forbidden, notFound } from './errors.ts';

const absent = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'restartPolicy',
  'restartPolicyRules',
  'resizePolicy',
] as const;

const resourceFields = ['limits', 'requests', 'claims'] as const;

/** Makes `next` the old pod with the ephemeral containers that are asked for. */
export function prepareEphemeralContainers(next: Pod, old: Pod): void {
  const { ephemeralContainers } = next.spec;
  const { resourceVersion, managedFields } = next.metadata;
  next.metadata = { ...deepClone(old.metadata), resourceVersion, managedFields };
  next.spec = deepClone(old.spec);
  if (ephemeralContainers?.length) next.spec.ephemeralContainers = ephemeralContainers;
  else delete next.spec.ephemeralContainers;
}

/** Of a configuration to apply, what the subresource takes. */
export function appliedEphemeralContainers({ spec }: Pod): object {
  return { spec: { ...(spec?.ephemeralContainers && { ephemeralContainers: spec.ephemeralContainers }) } };
}

/** What they must hold wherever they stand, in templates as well, where they may not. */
export function ephemeralContainers(spec: PodSpec, field: string): FieldError[] {
  if (!spec.ephemeralContainers?.length) return [];
  const others = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map((container) => container.name ?? '');
  const targets = new Set(others);
  const seen = new Set(others);
  const list = `${field}.ephemeralContainers`;
  const errors = each(spec.ephemeralContainers, list, (container, path) => {
    const own = commonContainer(container, spec, path);
    for (const name of absent)
      if (isGiven(container, name)) own.push(forbidden(`${path}.${name}`, 'cannot be set for an Ephemeral Container'));
    if (resourceFields.some((name) => isGiven(container.resources ?? {}, name)))
      own.push(forbidden(`${path}.resources`, 'cannot be set for an Ephemeral Container'));
    if (seen.has(container.name ?? '')) own.push(duplicate(`${path}.name`, container.name ?? ''));
    seen.add(container.name ?? '');
    const { targetContainerName: target } = container;
    if (target && !targets.has(target)) own.push(notFound(`${path}.targetContainerName`, target));
    own.push(...each(container.volumeMounts, `${path}.volumeMounts`, withoutSubPath));
    return own;
  });
  return [...errors, ...untrimmedImages(spec.ephemeralContainers, list)];
}

function withoutSubPath(mount: VolumeMount, path: string): FieldError[] {
  return (['subPath', 'subPathExpr'] as const)
    .filter((key) => mount[key])
    .map((key) => forbidden(`${path}.${key}`, 'cannot be set for an Ephemeral Container'));
}

/** As Go tells zero: a pointer to nothing in particular is something, and so is a list or map that was given empty. */
function isGiven<T extends object>(parent: T, name: keyof T & string): boolean {
  const value: unknown = parent[name];
  if (value === undefined || value === null) return wasGivenEmpty(parent, name);
  return !Array.isArray(value) || value.length > 0 || wasGivenEmpty(parent, name);
}

/** What is wrong with the change that the ephemeralcontainers subresource is asked for. */
export function onlyAddedContainers({ spec: { ephemeralContainers: next = [] } }: Pod, { spec }: Pod): FieldError[] {
  const field = 'spec.ephemeralContainers';
  const old: EphemeralContainer[] = spec.ephemeralContainers ?? [];
  return old.flatMap((before) => {
    const after = next.find(({ name }) => name === before.name);
    if (!after) return [forbidden(field, `existing ephemeral containers ${JSON.stringify(before.name)} may not be removed\n`)];
    if (isEqual(after, before)) return [];
    return [forbidden(field, `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n`)];
  });
}
