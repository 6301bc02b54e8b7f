// When a pod has ended, which the API, controllers, scheduler and agents must all see alike: it counts no more, and never runs again.

/** Nothing will run in a pod of this phase again. */
export function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function hasEnded({ status }: { status?: { phase?: string } }): boolean {
  return isTerminal(status?.phase);
}
