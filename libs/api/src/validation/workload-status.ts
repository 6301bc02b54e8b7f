// The numbers in the status of what runs pods: none is negative, no part is more than the whole, and what counts collisions of names
// counts on.
import { type FieldError, invalid, nonNegative } from './errors.ts';

type Counts = Record<string, unknown>;

interface CountRules {
  counts: readonly string[];
  /** Each is at most as much as the other; how the other is called in the message. */
  atMost: readonly (readonly [count: string, other: string, called: string])[];
  /** Whether it has a collisionCount, which only grows. */
  countsCollisions?: true;
}

type StatusCheck = (next: { status?: object }, old: { status?: object }) => FieldError[];

function statusCheck({ counts, atMost, countsCollisions }: CountRules): StatusCheck {
  return (next, old) => {
    const status = (next.status ?? {}) as Counts;
    const errors = counts.flatMap((name) => nonNegative(`status.${name}`, status[name] as number | undefined));
    for (const [name, other, called] of atMost) {
      if (numberOf(status, name) > numberOf(status, other))
        errors.push(invalid(`status.${name}`, numberOf(status, name), `cannot be greater than ${called}`));
    }
    const collisions = numberOf(status, 'collisionCount');
    const { collisionCount: before } = (old.status ?? {}) as Counts;
    if (countsCollisions && before !== undefined && collisions < Number(before))
      errors.push(invalid('status.collisionCount', collisions, 'cannot be decremented'));
    return errors;
  };
}

function numberOf(status: Counts, name: string): number {
  return Number(status[name] ?? 0);
}

function ofReplicas(...names: string[]): CountRules['atMost'] {
  return names.map((name) => [name, 'replicas', 'status.replicas'] as const);
}

export const validateDeploymentStatus = statusCheck({
  counts: [
    ...['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'],
    ...['terminatingReplicas', 'collisionCount'],
  ],
  atMost: [...ofReplicas('updatedReplicas', 'readyReplicas', 'availableReplicas'), ['availableReplicas', 'readyReplicas', 'readyReplicas']],
  countsCollisions: true,
});

/** Of replication controllers as well. */
export const validateReplicaSetStatus = statusCheck({
  counts: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas'],
  atMost: [
    ...ofReplicas('fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'),
    ['availableReplicas', 'readyReplicas', 'readyReplicas'],
  ],
});

export const validateStatefulSetStatus = statusCheck({
  counts: [
    ...['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas', 'observedGeneration', 'collisionCount'],
  ],
  atMost: [
    ...ofReplicas('readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'),
    ['availableReplicas', 'readyReplicas', 'status.readyReplicas'],
  ],
  countsCollisions: true,
});

export const validateDaemonSetStatus = statusCheck({
  counts: [
    ...['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration'],
    ...['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable', 'collisionCount'],
  ],
  atMost: [],
  countsCollisions: true,
});
