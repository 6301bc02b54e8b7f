// How long a node that is switched off gives its pods, by their priority, as the kubelet is configured. Pure.
import type { Pod } from '@berth/api';
import { systemCriticalPriority } from '../pods/critical-pods.ts';

/** Pods of this priority and above, up to the next one, have so long; lower ones end first. */
export interface ShutdownPeriod {
  priority: number;
  seconds: number;
}

export interface ShutdownGroup extends ShutdownPeriod {
  pods: Pod[];
}

export interface ShutdownOptions {
  /** For all pods together, those that are critical included. */
  graceMs: number;
  /** Of that, for critical pods, after all others. */
  criticalMs: number;
  /** `PRIORITY=SECONDS,…` instead of both; empty is none. */
  byPriority: string;
}

/** From the lowest priority on; none where nothing is configured: then pods end as the machine does. @throws Error in words */
export function shutdownPeriods({ graceMs, criticalMs, byPriority }: ShutdownOptions): ShutdownPeriod[] {
  for (const ms of [graceMs, criticalMs])
    if (ms !== 0 && ms < 1000) throw new Error('a grace period of a shutdown is 0 or at least one second');
  if (criticalMs > graceMs) throw new Error('the grace period of critical pods is part of that of the shutdown, and cannot be longer');
  if (byPriority === '') {
    if (graceMs === 0) return [];
    const critical = Math.floor(criticalMs / 1000);
    return [
      { priority: 0, seconds: Math.floor(graceMs / 1000) - critical },
      { priority: systemCriticalPriority, seconds: critical },
    ];
  }
  if (graceMs > 0) throw new Error('grace periods by priority replace that of the shutdown: give one of the two');
  const periods = byPriority.split(',').map((part) => {
    const [, priority, seconds] = /^(-?\d+)=(\d+)$/.exec(part) ?? [];
    if (priority === undefined || seconds === undefined) throw new Error(`${JSON.stringify(part)} is not PRIORITY=SECONDS`);
    return { priority: Number(priority), seconds: Number(seconds) };
  });
  return periods.sort((a, b) => a.priority - b.priority);
}

/** Each pod is in the group of the highest priority that is not above its own; those below all are in the lowest. */
export function shutdownGroups(periods: ShutdownPeriod[], pods: Pod[]): ShutdownGroup[] {
  const groups = periods.map((period): ShutdownGroup => ({ ...period, pods: [] }));
  for (const pod of pods) {
    const { priority = 0 } = pod.spec;
    (groups.findLast((group) => group.priority <= priority) ?? groups[0])?.pods.push(pod);
  }
  return groups.filter((group) => group.pods.length > 0);
}
