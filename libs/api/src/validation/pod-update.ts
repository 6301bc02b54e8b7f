// What may change in a pod after its creation: little, since a running container cannot become another one.
import { goLines, unifiedDiff, withGivenEmptyOf } from '@berth/machinery';
import type { Container, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual, isSame } from './changes.ts';
import { each, type FieldError, forbidden, invalid, shown, shownMap } from './errors.ts';
import { containerShouldRestart } from './restart-policy.ts';

const mayChange = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
];

export function validatePodUpdate(next: Pod, old: Pod): FieldError[] {
  const counts = containerCounts(next.spec, old.spec);
  // A list that became longer or shorter is all that is told: what stands behind it is not looked at.
  if (counts.length > 0) return counts.slice(0, 1);
  const errors: FieldError[] = [];
  const deadline = activeDeadline(next.spec, old.spec);
  // A deadline that cannot be is all that is told.
  if (deadline.length > 0 && next.spec.activeDeadlineSeconds !== undefined) return deadline;
  errors.push(...deadline, ...onlyAddedTolerations(next.spec.tolerations, old.spec.tolerations));
  errors.push(...onlyRemovedGates(next.spec, old.spec), ...gatedChanges(next.spec, old.spec));
  // What may change is taken from the old pod; anything that still differs may not.
  const rest = withAllowedChanges(next.spec, old.spec);
  if (!isSame('core.v1.PodSpec', rest, old.spec)) {
    const type = schemas.message('core.v1.PodSpec');
    const changed = unifiedDiff(goLines(type, old.spec), goLines(type, rest));
    errors.push(forbidden('spec', `pod updates may not change fields other than ${mayChange.join(',')}\n${changed}`));
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
  const rest: PodSpec = withGivenEmptyOf(next, {
    ...next,
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
  });
  rest.containers = next.containers.map((container, index) => withImage(container, old.containers[index]?.image));
  rest.initContainers = next.initContainers?.map((container, index) => withImage(container, old.initContainers?.[index]?.image));
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  if (isGated(old)) {
    // A gated pod is not placed yet, so that its choice of nodes may still narrow; whether it does is asked elsewhere.
    rest.nodeSelector = old.nodeSelector;
    rest.affinity = withNodeAffinityOf(old, rest.affinity);
  }
  return rest;
}

function withImage(container: Container, image: string | undefined): Container {
  return withGivenEmptyOf(container, { ...container, image });
}

function isGated({ schedulingGates }: PodSpec): boolean {
  return (schedulingGates?.length ?? 0) > 0;
}

function withNodeAffinityOf({ affinity: old }: PodSpec, next: PodSpec['affinity']): PodSpec['affinity'] {
  if (!next) return old?.nodeAffinity ? { nodeAffinity: old.nodeAffinity } : undefined;
  if (!old && !next.podAffinity && !next.podAntiAffinity) return undefined;
  return { ...next, nodeAffinity: old?.nodeAffinity };
}

/** Nodes that a gated pod could not go to before stay out of its reach. */
function gatedChanges(next: PodSpec, old: PodSpec): FieldError[] {
  if (!isGated(old)) return [];
  const isKept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => next.nodeSelector?.[key] === value);
  const rule = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  return [...(isKept ? [] : [invalid('spec.nodeSelector', shownMap(next.nodeSelector), rule)]), ...narrowedTerms(next, old)];
}

function narrowedTerms(next: PodSpec, old: PodSpec): FieldError[] {
  const termsOf = ({ affinity }: PodSpec) =>
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const [after, before] = [termsOf(next), termsOf(old)];
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  const shownTerm = (term: NodeSelectorTerm | undefined) => shown('core.v1.NodeSelectorTerm', term);
  if (before.length > 0 && before.length !== after.length) {
    const terms = after.length > 0 ? after.map(shownTerm) : null;
    return [invalid(field, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')];
  }
  return before.flatMap((term, index) =>
    hasOnlyAdditions(after[index] ?? {}, term)
      ? []
      : [invalid(`${field}[${index}]`, shownTerm(after[index]), 'only additions are allowed (no mutations or deletions)')],
  );
}

function hasOnlyAdditions(next: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const parts = ['matchExpressions', 'matchFields'] as const;
  // A term of nothing matches no node; one that says more would match some.
  if (parts.every((part) => !old[part]?.length)) return parts.every((part) => !next[part]?.length);
  return parts.every((part) => {
    const before = old[part] ?? [];
    return isEqual((next[part] ?? []).slice(0, before.length), before);
  });
}

function activeDeadline(next: PodSpec, old: PodSpec): FieldError[] {
  const field = 'spec.activeDeadlineSeconds';
  const seconds = next.activeDeadlineSeconds;
  if (seconds !== undefined && seconds !== old.activeDeadlineSeconds && (seconds < 0 || seconds > 2 ** 31 - 1))
    return [invalid(field, seconds, 'must be between 0 and 2147483647, inclusive')];
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
  return each(next.schedulingGates, 'spec.schedulingGates', (gate, path) =>
    before.has(gate.name) ? [] : [forbidden(`${path}.name`, `only deletion is allowed, but found new scheduling gate '${gate.name}'`)],
  );
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
