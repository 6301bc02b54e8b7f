// A pod against a level of the Pod Security Standards: every control of the level, in the order that Kubernetes reports them.
import type { Control, Level, PodLike, Violation } from './control.ts';
import { hostNamespaces, hostPathVolumes, hostPorts, hostProbes, restrictedVolumes, windowsHostProcess } from './host-controls.ts';
import {
  allowPrivilegeEscalation,
  baselineCapabilities,
  privileged,
  procMount,
  restrictedCapabilities,
  runAsNonRoot,
  runAsUser,
} from './privilege-controls.ts';
import { appArmorProfile, baselineSeccomp, restrictedSeccomp, seLinuxOptions, sysctls } from './profile-controls.ts';

/** Baseline first; both by id. */
const controls: Control[] = [
  appArmorProfile,
  baselineCapabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbes,
  privileged,
  procMount,
  seLinuxOptions,
  baselineSeccomp,
  sysctls,
  windowsHostProcess,
  allowPrivilegeEscalation,
  restrictedCapabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  restrictedSeccomp,
];

export interface LevelVersion {
  level: Level;
  /** `latest` or `v1.30`. */
  version: string;
}

export function podSecurityViolations({ level, version }: LevelVersion, pod: PodLike): Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : Number(version.slice('v1.'.length));
  const candidates = controls.filter((control) => control.since <= minor && (level === 'restricted' || control.level === 'baseline'));
  const replaced = candidates.map(({ replaces }) => replaces);
  return candidates.filter(({ id }) => !replaced.includes(id)).flatMap((control) => control.check(pod, minor) ?? []);
}

/** `privileged (container "a" must not …), host namespaces (hostNetwork=true)`. */
export function violationDetails(violations: Violation[]): string {
  return violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ');
}

export function violationReasons(violations: Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ');
}
