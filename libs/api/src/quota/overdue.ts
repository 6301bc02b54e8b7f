// Pods that should be gone: a node that is lost says so of none of its pods, and they shall not use up a quota for ever.
import type { KubeObject } from '@berth/machinery';
import type { Pod } from '../generated/core-v1.types.ts';
import type { Resource } from './usage.ts';

/**
 * When a pod stops counting although it is there: its grace period after the time by which it had to end, as in Kubernetes.
 * Unix milliseconds; undefined for what is not being deleted.
 */
export function overdueAtMs({ group, plural }: Resource, object: KubeObject): number | undefined {
  if (group !== '' || plural !== 'pods') return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds } = (object as Pod).metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined;
  return Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}
