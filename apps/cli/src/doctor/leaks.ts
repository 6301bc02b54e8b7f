// What is left on this machine of pods and volumes that the API no longer has. What has just ended is still being put away, so that only
// what two looks found is left. Pure.
import { mirrorAnnotation, type PersistentVolume, type Pod } from '@berth/api';
import { type LeftoverKind, leftoverKinds, type Trace } from './leftovers.ts';
import { type Outcome, ok, warning } from './outcome.ts';

const namesShownMax = 3;

const remedies: Record<LeftoverKind, string> = {
  'loop devices': 'detach it once nothing uses it: umount what shows it, then losetup -d /dev/loopN',
  mounts: 'start the agent again, which puts away what it knows; else umount it',
  shims: 'start the agent again: it ends what is of no pod; else end the process by its number',
  'network namespaces': 'start the agent again: it removes those that no pod has',
  cgroups: 'start the agent again: it removes those that are empty',
  'log folders': 'start the agent again, which removes logs of pods that are gone; where others log there too, look whose they are',
};

export interface KnownToApi {
  pods: readonly Pod[];
  volumes: readonly PersistentVolume[];
}

/** What nobody in the API has. */
export function leaksAmong(traces: readonly Trace[], { pods, volumes }: KnownToApi): Trace[] {
  // A node's own pods go by the hash that their mirrors have in an annotation.
  const uids = new Set(pods.flatMap(({ metadata }) => [metadata.uid, metadata.annotations?.[mirrorAnnotation]]));
  const files = new Set(volumes.map(({ spec }) => spec.local?.path));
  return traces.filter(({ pod, volumeFile }) => (volumeFile === undefined ? pod === undefined || !uids.has(pod) : !files.has(volumeFile)));
}

/** Those of the first look that the second one found again. */
export function stillThere(first: readonly Trace[], second: readonly Trace[]): Trace[] {
  const again = new Set(second.map(({ kind, name }) => `${kind} ${name}`));
  return first.filter(({ kind, name }) => again.has(`${kind} ${name}`));
}

/** @param seen everything that was looked at */
export function leakOutcomes(leaks: readonly Trace[], seen: readonly Trace[]): Outcome[] {
  return leftoverKinds.map((kind) => {
    const check = `leaks: ${kind}`;
    const own = leaks.filter((trace) => trace.kind === kind);
    const all = seen.filter((trace) => trace.kind === kind).length;
    if (own.length === 0) return ok(check, all === 0 ? 'there are none' : `${all}, each of a pod or volume of the API`);
    const names = own.slice(0, namesShownMax).map(({ name }) => name);
    const more = own.length - names.length;
    const says = `${own.length} of no pod or volume of the API: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    return warning(check, says, remedies[kind]);
  });
}
