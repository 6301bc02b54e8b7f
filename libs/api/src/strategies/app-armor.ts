// AppArmor profiles were asked for by annotations before there was a field. A pod that has only the annotation gets the field.
import { deepEqual } from '@berth/machinery';
import type { Pod } from '../generated/core-v1.types.ts';
import { appArmorAnnotation, appArmorProfileOf } from '../warnings/app-armor.ts';

export function fillInAppArmorProfiles({ metadata, spec }: Pod): void {
  if (spec.os?.name === 'windows') return;
  const whole = spec.securityContext?.appArmorProfile;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]) {
    const annotation = metadata?.annotations?.[`${appArmorAnnotation}${container.name}`];
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue;
    const profile = appArmorProfileOf(annotation);
    if (profile && !deepEqual(profile, whole)) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}
