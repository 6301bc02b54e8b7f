// Which updates of a pod are judged again, and what a namespace that becomes stricter says about the pods it has.
import type { Container, Pod } from '@berth/api';

/** Pods of a namespace that are looked at when it becomes stricter. */
const checkedPodsMax = 3000;

/** Of what the controls look at, only images, added containers and a few annotations can change. */
export function isSignificantUpdate(next: Pod, old: Pod): boolean {
  const annotations = (pod: Pod) =>
    Object.entries(pod.metadata.annotations ?? {}).filter(([key]) => key.includes('seccomp.security.alpha'));
  if (JSON.stringify(annotations(next)) !== JSON.stringify(annotations(old))) return true;
  const lists = ['containers', 'initContainers', 'ephemeralContainers'] as const;
  return lists.some((list) => {
    const before = images(old.spec[list]);
    const after = images(next.spec[list]);
    return before.size !== after.size || [...after].some(([name, image]) => before.get(name) !== image);
  });
}

function images(containers: Pick<Container, 'name' | 'image'>[] | undefined): Map<string, string | undefined> {
  return new Map((containers ?? []).map(({ name, image }) => [name, image]));
}

/** @param reasons why a pod violates the new level; empty when it does not */
export function podWarnings(
  namespace: string,
  level: string,
  podsOf: (namespace: string) => Iterable<Pod>,
  reasons: (pod: Pod) => string,
): string[] {
  const pods = [...podsOf(namespace)];
  const namesByReason = new Map<string, string[]>();
  for (const pod of pods.slice(0, checkedPodsMax)) {
    const reason = reasons(pod);
    if (reason) namesByReason.set(reason, [...(namesByReason.get(reason) ?? []), pod.metadata.name]);
  }
  const warnings: string[] = [];
  if (pods.length > checkedPodsMax) {
    warnings.push(`new PodSecurity enforce level only checked against the first ${checkedPodsMax} of ${pods.length} existing pods`);
  }
  if (namesByReason.size === 0) return warnings;
  warnings.push(
    `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(level)}`,
  );
  const lines = [...namesByReason].map(([reason, names]) => `${namesText(names)}: ${reason}`);
  return [...warnings, ...lines.sort()];
}

function namesText(names: string[]): string {
  const [first = ''] = [...names].sort();
  if (names.length === 1) return first;
  return names.length === 2 ? `${first} (and 1 other pod)` : `${first} (and ${names.length - 1} other pods)`;
}
