// What planning asks of a pod's worker, answered from what it keeps: back-offs, attempts, probes, sizes.
import { type Container, everyContainer, type Pod } from '@berth/api';
import { specHash } from './container-config.ts';
import type { PlanContext } from './plan.ts';
import type { PodNode } from './pod-environment.ts';
import type { PodReporter } from './pod-reporter.ts';
import type { PodResizer } from './pod-resizer.ts';
import type { RestartTracker } from './restart-tracker.ts';

export interface PlanSources {
  node: Pick<PodNode, 'clock' | 'prober'>;
  restarts: RestartTracker;
  reporter: PodReporter;
  resizer: PodResizer;
}

export function planContext(pod: Pod, { node, restarts, reporter, resizer }: PlanSources): PlanContext {
  const byName = new Map(everyContainer(pod.spec).map((c) => [c.name, c]));
  const ask = <T>(name: string, question: (container: Container) => T): T | undefined => {
    const container = byName.get(name);
    return container && question(container);
  };
  return {
    nowMs: node.clock.now(),
    restartReadyAtMs: (container) => restarts.readyAtMs(container.name, specHash(container)),
    nextAttempt: (name) => reporter.nextAttempt(name),
    unhealthy: (name, id) => ask(name, (c) => node.prober.unhealthy(c, id)),
    started: (name, id) => ask(name, (c) => node.prober.started(c, id)) ?? false,
    specHash,
    resize: (container, current) => resizer.step(pod, container, current),
    isRestarting: (id) => resizer.isRestarting(id),
  };
}
