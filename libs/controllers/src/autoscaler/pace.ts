// How fast an autoscaler may follow its metrics: not below what was asked for lately, nor further in a time than its policies
// allow. What was asked for and done is remembered in this process alone; after a restart, scaling down waits once more.
import type { HorizontalPodAutoscaler } from '@berth/api';

type Rules = NonNullable<NonNullable<HorizontalPodAutoscaler['spec']['behavior']>['scaleUp']>;

const downWindowSeconds = 300;
const upPolicies = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const downPolicies = [{ type: 'Percent', value: 100, periodSeconds: 15 }];
/** The longest window that validation allows, of what is noted every few seconds. */
const notesMax = 1000;

export interface History {
  /** Unix milliseconds at which was told last what goes wrong. */
  toldAtMs: number;
  wanted: { atMs: number; replicas: number }[];
  changes: { atMs: number; by: number }[];
}

export function noHistory(): History {
  return { toldAtMs: 0, wanted: [], changes: [] };
}

export interface Paced {
  replicas: number;
  /** Why it is not what was wanted. */
  limit?: 'ScaleUpStabilized' | 'ScaleDownStabilized' | 'ScaleUpLimit' | 'ScaleDownLimit';
}

/** Notes what is wanted, and says how far to go now. */
export function pace(autoscaler: HorizontalPodAutoscaler, history: History, wanted: number, current: number, now: number): Paced {
  const { scaleUp = {}, scaleDown = {} } = autoscaler.spec.behavior ?? {};
  history.wanted = [...history.wanted, { atMs: now, replicas: wanted }].slice(-notesMax);
  const within = (seconds: number) => history.wanted.filter(({ atMs }) => atMs > now - seconds * 1000).map(({ replicas }) => replicas);
  const lowest = Math.min(wanted, ...within(scaleUp.stabilizationWindowSeconds ?? 0));
  const highest = Math.max(wanted, ...within(scaleDown.stabilizationWindowSeconds ?? downWindowSeconds));
  if (wanted > current) {
    const steady = Math.max(lowest, current);
    const most = current + allowed(scaleUp, upPolicies, history, current, now, 1);
    if (steady > most) return { replicas: Math.max(most, current), limit: 'ScaleUpLimit' };
    return steady < wanted ? { replicas: steady, limit: 'ScaleUpStabilized' } : { replicas: wanted };
  }
  if (wanted === current) return { replicas: wanted };
  const steady = Math.min(highest, current);
  const least = current - allowed(scaleDown, downPolicies, history, current, now, -1);
  if (steady < least) return { replicas: Math.min(least, current), limit: 'ScaleDownLimit' };
  return steady > wanted ? { replicas: steady, limit: 'ScaleDownStabilized' } : { replicas: wanted };
}

/** How many pods may be added or taken away now, by the policy that allows most, or least when asked so. */
function allowed(rules: Rules, defaults: Rules['policies'], history: History, current: number, now: number, sign: 1 | -1): number {
  if (rules.selectPolicy === 'Disabled') return 0;
  const limits = (rules.policies ?? defaults ?? []).map(({ type, value, periodSeconds }) => {
    const recent = history.changes.filter(({ atMs, by }) => atMs > now - periodSeconds * 1000 && by * sign > 0);
    const done = recent.reduce((total, { by }) => total + Math.abs(by), 0);
    const before = current - done * sign;
    return (type === 'Pods' ? value : Math.ceil((before * value) / 100)) - done;
  });
  const chosen = rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
  return Math.max(chosen, 0);
}
