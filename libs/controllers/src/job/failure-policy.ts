// What a job's policies make of its pods: the first rule that a failed pod meets decides whether it counts, and rules over
// indexes may call a job a success before all of them are done.
import { countIndexes, includesIndex, type Job, type Pod, parseIndexes } from '@berth/api';

type Rule = NonNullable<Job['spec']['podFailurePolicy']>['rules'][number];

export interface Verdict {
  action: string;
  /** Why, for the actions that end something. */
  message: string;
}

/** A pod that no rule is about counts as a failure. */
export function judge(pod: Pod, { spec }: Job): Verdict {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const found = rule.onExitCodes ? exitCode(pod, rule) : condition(pod, rule);
    if (found === undefined) continue;
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    return { action: rule.action, message: found.replace('{pod}', name).concat(` matching ${rule.action} rule at index ${index}`) };
  }
  return { action: 'Count', message: '' };
}

function exitCode({ status }: Pod, { onExitCodes }: Rule): string | undefined {
  if (status?.phase !== 'Failed' || !onExitCodes) return undefined;
  const { containerName, operator, values } = onExitCodes;
  for (const { name, state } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const code = state?.terminated?.exitCode ?? 0;
    if (code === 0 || (containerName !== undefined && containerName !== name)) continue;
    if (values.includes(code) === (operator === 'In')) return `Container ${name} for pod {pod} failed with exit code ${code}`;
  }
  return undefined;
}

function condition({ status }: Pod, { onPodConditions = [] }: Rule): string | undefined {
  for (const pattern of onPodConditions) {
    const found = status?.conditions?.find(({ type, status: value }) => type === pattern.type && value === (pattern.status ?? 'True'));
    if (found) return `Pod {pod} has condition ${found.type}`;
  }
  return undefined;
}

/** Why the completed indexes are enough; undefined when they are not, or when there is no such policy. */
export function metSuccessRule({ spec }: Job, completed: ReadonlySet<number>): string | undefined {
  const rules = spec.successPolicy?.rules ?? [];
  for (const [position, { succeededIndexes, succeededCount }] of rules.entries()) {
    const wanted = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, spec.completions ?? 0);
    if (typeof wanted === 'string') continue;
    const met = wanted ? [...completed].filter((index) => includesIndex(wanted, index)).length : completed.size;
    const needed = succeededCount ?? (wanted ? countIndexes(wanted) : Number.POSITIVE_INFINITY);
    if (met >= needed) return `Matched rules at index ${position}`;
  }
  return undefined;
}
