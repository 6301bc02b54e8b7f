// AppArmor profiles that are asked for by annotations, which the field has replaced.
import { deepEqual } from '@berth/machinery';
import type { AppArmorProfile, Pod, PodSpec } from '../generated/core-v1.types.ts';
import { containersWithPaths } from './containers-with-paths.ts';

/** Followed by a container's name. */
export const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';
const appArmorAdvice = 'deprecated since v1.30; use the "appArmorProfile" field instead';

/** The profile that an annotation of long ago stands for; undefined when it stands for none. */
export function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const local = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : '';
  return local ? { type: 'Localhost', localhostProfile: local } : undefined;
}

export function appArmorOfTemplate(spec: PodSpec, annotations: Record<string, string>, field: string): string[] {
  const whole = spec.securityContext?.appArmorProfile;
  return containersWithPaths(spec, field).flatMap(({ container }) => {
    const key = `${appArmorAnnotation}${container.name}`;
    const annotation = annotations[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile) return [];
    const isSame = whole !== undefined && deepEqual(whole, appArmorProfileOf(annotation));
    return isSame ? [] : [`${field}.metadata.annotations[${key}]: ${appArmorAdvice}`];
  });
}

/** A pod's fields were filled in from its annotations when it was made (strategies/app-armor.ts). */
export function appArmorOfPod({ metadata, spec }: Pod): string[] {
  const whole = spec.securityContext?.appArmorProfile;
  return containersWithPaths(spec, '').flatMap(({ container }) => {
    const key = `${appArmorAnnotation}${container.name}`;
    const annotation = metadata.annotations?.[key];
    if (annotation === undefined) return [];
    const named = appArmorProfileOf(annotation);
    const isFilledIn = named !== undefined && deepEqual(container.securityContext?.appArmorProfile, named) && !deepEqual(named, whole);
    const isUnreadable = named === undefined && !container.securityContext?.appArmorProfile;
    return isFilledIn || isUnreadable ? [`metadata.annotations[${key}]: ${appArmorAdvice}`] : [];
  });
}
