// A resize of a pod in place: its containers get more or less cpu and memory, and nothing else about the pod changes.
import { deepClone, deepEqual } from '@berth/machinery';
import type { Container, Pod, PodSpec } from '../generated/core-v1.types.ts';
import { qosClass } from '../strategies/qos.ts';
import { isEqual } from './changes.ts';
import { type FieldError, forbidden, invalid } from './errors.ts';

const ownResources =
  'resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const lists = ['containers', 'initContainers'] as const;
const amounts = ['requests', 'limits'] as const;
/** What the kernel can change of a process that runs. */
const resizable = ['cpu', 'memory'];

/** Makes `next` the old pod with the resources that are asked for, so that a resize changes nothing else by the way. */
export function preparePodResize(next: Pod, old: Pod): void {
  const asked = next.spec;
  const { resourceVersion, managedFields } = next.metadata;
  next.metadata = { ...deepClone(old.metadata), resourceVersion, managedFields };
  next.spec = deepClone(old.spec);
  for (const list of lists) {
    // Other containers than before are left as they are, for validation to say so.
    if (!hasSameNames(asked[list], old.spec[list])) Object.assign(next.spec, { [list]: asked[list] });
    else for (const [index, container] of (next.spec[list] ?? []).entries()) takeResources(container, asked[list]?.[index]);
  }
}

function takeResources(container: Container, asked: Container | undefined): void {
  for (const field of ['resources', 'resizePolicy'] as const) {
    if (asked?.[field] === undefined) delete container[field];
    else Object.assign(container, { [field]: asked[field] });
  }
}

function hasSameNames(next: Container[] = [], old: Container[] = []): boolean {
  return next.length === old.length && next.every(({ name }, index) => name === old[index]?.name);
}

/** Of a configuration to apply, what a resize takes. */
export function appliedPodResize({ spec }: Pod): object {
  const taken = (containers: Container[]) =>
    containers.map(({ name, resources, resizePolicy }) => ({
      name,
      ...(resources && { resources }),
      ...(resizePolicy && { resizePolicy }),
    }));
  const { containers, initContainers } = spec ?? {};
  return { spec: { containers: taken(containers ?? []), ...(initContainers && { initContainers: taken(initContainers) }) } };
}

/** Everything wrong with the change, beyond what is wrong with `next` as a pod. */
export function validatePodResize(next: Pod, old: Pod): FieldError[] {
  if ([next, old].some(hasOwnResources)) return [forbidden('[]', ownResources)];
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) return [forbidden('', 'static pods cannot be resized')];
  if (old.spec.os?.name === 'windows') return [forbidden('', 'windows pods cannot be resized')];
  const order = lists.flatMap((list) => sameContainers(next.spec, old.spec, list));
  if (order.length > 0) return order;
  const errors: FieldError[] = [];
  const before = old.status?.qosClass ?? qosClass(old.spec);
  if (qosClass(next.spec) !== before) errors.push(invalid('spec', before, 'Pod QOS Class may not change as a result of resizing'));
  for (const list of ['initContainers', 'containers'] as const) {
    next.spec[list]?.forEach((container, index) => {
      const was = old.spec[list]?.[index];
      if (was) errors.push(...containerChange(container, was, list, `spec.${list}[${index}].resources`));
    });
  }
  return errors;
}

function hasOwnResources({ spec }: Pod): boolean {
  return amounts.some((kind) => Object.keys(spec.resources?.[kind] ?? {}).length > 0);
}

function sameContainers(next: PodSpec, old: PodSpec, list: (typeof lists)[number]): FieldError[] {
  const [now = [], before = []] = [next[list], old[list]];
  if (now.length !== before.length) return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)];
  return now.flatMap(({ name }, index) =>
    name === before[index]?.name ? [] : [forbidden(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`)],
  );
}

function containerChange(next: Container, old: Container, list: (typeof lists)[number], field: string): FieldError[] {
  const isInit = list === 'initContainers';
  if (isInit && old.restartPolicy !== 'Always') {
    return isEqual(next, old) ? [] : [forbidden('spec', 'resources for non-sidecar init containers are immutable')];
  }
  const errors = amounts
    .filter((kind) => Object.keys(old.resources?.[kind] ?? {}).some((name) => next.resources?.[kind]?.[name] === undefined))
    .map((kind) => forbidden(`${field}.${kind}`, `resource ${kind} cannot be removed`));
  if (isEqual(withoutResizable(next), withoutResizable(old)) && hasSameZeroes(next, old)) return errors;
  return [...errors, forbidden('spec', `only cpu and memory resources ${isInit ? 'for sidecar containers ' : ''}are mutable`)];
}

function withoutResizable(container: Container): Container {
  return { ...container, resources: { ...container.resources, ...otherAmounts(container) } };
}

function otherAmounts({ resources }: Container): Record<(typeof amounts)[number], Record<string, string>> {
  const others = (kind: (typeof amounts)[number]) =>
    Object.fromEntries(Object.entries(resources?.[kind] ?? {}).filter(([name]) => !resizable.includes(name)));
  return { requests: others('requests'), limits: others('limits') };
}

/** An amount of zero is one that was given; a comparison by meaning takes it for none. */
function hasSameZeroes(next: Container, old: Container): boolean {
  return deepEqual(otherAmounts(next), otherAmounts(old));
}
