// What may change in a pod after its creation: little, since a running container cannot become another one.
import type { Pod, PodSpec, Toleration } from '../generated/core-v1.types.ts';
import { describeChanges, isEqual } from './changes.ts';
import { each, type FieldError, forbidden, invalid } from './errors.ts';
import { containerShouldRestart } from './restart-policy.ts';

const mayChange = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
];

export function validatePodUpdate(next: Pod, old: Pod): FieldError[] {
  const errors = containerCounts(next.spec, old.spec);
  if (errors.length > 0) return errors;
  errors.push(...activeDeadline(next.spec, old.spec), ...onlyAddedTolerations(next.spec.tolerations, old.spec.tolerations));
  errors.push(...onlyRemovedGates(next.spec, old.spec));
  // What may change is taken from the old pod; anything that still differs may not.
  const rest = withAllowedChanges(next.spec, old.spec);
  if (errors.length === 0 && !isEqual(rest, old.spec)) {
    errors.push(
      forbidden('spec', `pod updates may not change fields other than ${mayChange.join(',')}\n${describeChanges(rest, old.spec, 'spec')}`),
    );
  }
  return errors;
}

function containerCounts(next: PodSpec, old: PodSpec): FieldError[] {
  return (['containers', 'initContainers'] as const).flatMap((list) =>
    (next[list]?.length ?? 0) === (old[list]?.length ?? 0)
      ? []
      : [forbidden(`spec.${list}`, 'pod updates may not add or remove containers')],
  );
}

function withAllowedChanges(next: PodSpec, old: PodSpec): PodSpec {
  const rest: PodSpec = {
    ...next,
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
  };
  rest.containers = next.containers.map((container, index) => ({ ...container, image: old.containers[index]?.image }));
  rest.initContainers = next.initContainers?.map((container, index) => ({ ...container, image: old.initContainers?.[index]?.image }));
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  if (old.schedulingGates?.length && Object.entries(old.nodeSelector ?? {}).every(([key, value]) => next.nodeSelector?.[key] === value)) {
    // A gated pod is not placed yet, so its choice of nodes may still narrow.
    rest.nodeSelector = old.nodeSelector;
  }
  return rest;
}

function activeDeadline(next: PodSpec, old: PodSpec): FieldError[] {
  const field = 'spec.activeDeadlineSeconds';
  if (old.activeDeadlineSeconds === undefined) return [];
  if (next.activeDeadlineSeconds === undefined) return [invalid(field, undefined, 'must not update from a positive integer to nil value')];
  const isLonger = next.activeDeadlineSeconds > old.activeDeadlineSeconds;
  return isLonger ? [invalid(field, next.activeDeadlineSeconds, 'must be less than or equal to previous value')] : [];
}

function onlyAddedTolerations(next: Toleration[] = [], old: Toleration[] = []): FieldError[] {
  const identity = ({ key, operator, value, effect }: Toleration) =>
    JSON.stringify([key ?? '', operator || 'Equal', value ?? '', effect ?? '']);
  const kept = new Set(next.map(identity));
  const isKept = old.every((toleration) => kept.has(identity(toleration)));
  return isKept ? [] : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function onlyRemovedGates(next: PodSpec, old: PodSpec): FieldError[] {
  const before = new Set((old.schedulingGates ?? []).map((gate) => gate.name));
  const added = (next.schedulingGates ?? []).filter((gate) => !before.has(gate.name));
  return added.map((gate) => forbidden('spec.schedulingGates', `only deletion is allowed, but found new scheduling gate '${gate.name}'`));
}

/** A status never moves to another pod's end: what has terminated stays so, unless its container is one that is started again. */
export function validatePodStatusUpdate(next: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  if ((next.spec.nodeName ?? '') !== (old.spec.nodeName ?? '')) errors.push(forbidden('status.nodeName', 'may not be changed directly'));
  const mayStartAgain = (name: string, exitCode: number) => {
    const container = old.spec.containers.find((candidate) => candidate.name === name);
    return container !== undefined && containerShouldRestart(container, old.spec, exitCode);
  };
  return [
    ...errors,
    ...stateTransitions(next, old, 'containerStatuses', mayStartAgain),
    ...stateTransitions(next, old, 'ephemeralContainerStatuses', () => false),
  ];
}

function stateTransitions(
  next: Pod,
  old: Pod,
  list: 'containerStatuses' | 'ephemeralContainerStatuses',
  mayStartAgain: (name: string, exitCode: number) => boolean,
): FieldError[] {
  return each(old.status?.[list], `status.${list}`, ({ name, state }, path) => {
    const after = next.status?.[list]?.find((status) => status.name === name);
    if (!state?.terminated || !after || after.state?.terminated || mayStartAgain(name, state.terminated.exitCode)) return [];
    return [forbidden(`${path}.state`, 'may not be transitioned to non-terminated state')];
  });
}
