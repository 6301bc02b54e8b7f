// Profiles that confine a container's processes, and parameters of the kernel.
import { everyContainer } from '../defaults/pod-spec.ts';
import type { SELinuxOptions } from '../generated/core-v1.types.ts';
import {
  type Control,
  containersText,
  containersWhere,
  distinct,
  isSparedWindows,
  type PodLike,
  plural,
  quoted,
  settersText,
  type Violation,
} from './control.ts';

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const confining = ['RuntimeDefault', 'Localhost'];

export const appArmorProfile: Control = {
  id: 'appArmorProfile',
  level: 'baseline',
  since: 0,
  check(pod) {
    const isBad = (type: string | undefined) => type !== undefined && !confining.includes(type);
    const ofPod = pod.spec.securityContext?.appArmorProfile?.type;
    const bad = containersWhere(pod, ({ appArmorProfile: profile }) => isBad(profile?.type));
    const annotations = Object.entries(pod.metadata?.annotations ?? {})
      .filter(([key, value]) => key.startsWith(appArmorPrefix) && value && value !== 'runtime/default' && !value.startsWith('localhost/'))
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .sort();
    const types = [...(isBad(ofPod) ? [ofPod ?? ''] : []), ...bad.map((one) => one.securityContext?.appArmorProfile?.type ?? '')];
    const values = [...distinct(types), ...annotations];
    if (values.length === 0) return undefined;
    const setters = settersText(isBad(ofPod), bad, ...(annotations.length > 0 ? [plural(annotations.length, 'annotation')] : []));
    const detail = `${setters} must not set AppArmor profile type to ${quoted(values)}`;
    return { reason: plural(values.length, 'forbidden AppArmor profile'), detail };
  },
};

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

export const seLinuxOptions: Control = {
  id: 'seLinuxOptions',
  level: 'baseline',
  since: 0,
  check(pod, minor) {
    const types = minor >= 31 ? [...seLinuxTypes, 'container_engine_t'] : seLinuxTypes;
    const isBad = (options: SELinuxOptions | undefined) =>
      options !== undefined && (!types.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role));
    const ofPod = pod.spec.securityContext?.seLinuxOptions;
    const bad = containersWhere(pod, (context) => isBad(context.seLinuxOptions));
    if (!isBad(ofPod) && bad.length === 0) return undefined;
    const found = [...(ofPod ? [ofPod] : []), ...bad.flatMap((one) => one.securityContext?.seLinuxOptions ?? [])];
    const badTypes = distinct(found.map(({ type }) => type ?? '').filter((type) => !types.includes(type)));
    const faults = [
      ...(badTypes.length > 0 ? [`${plural(badTypes.length, 'type')} ${quoted(badTypes)}`] : []),
      ...(found.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(found.some(({ role }) => role) ? ['role may not be set'] : []),
    ];
    const detail = `${settersText(isBad(ofPod), bad)} set forbidden securityContext.seLinuxOptions: ${faults.join('; ')}`;
    return { reason: 'seLinuxOptions', detail };
  },
};

export const baselineSeccomp: Control = {
  id: 'seccompProfile_baseline',
  level: 'baseline',
  since: 0,
  check: (pod, minor) => (minor < 19 ? seccompAnnotations(pod) : forbiddenSeccomp(pod)),
};

export const restrictedSeccomp: Control = {
  id: 'seccompProfile_restricted',
  level: 'restricted',
  since: 19,
  replaces: 'seccompProfile_baseline',
  check(pod, minor) {
    if (isSparedWindows(pod, minor)) return undefined;
    const forbidden = forbiddenSeccomp(pod);
    if (forbidden || pod.spec.securityContext?.seccompProfile) return forbidden;
    const silent = containersWhere(pod, (context) => context.seccompProfile === undefined);
    if (silent.length === 0) return undefined;
    const detail = `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
    return { reason: 'seccompProfile', detail };
  },
};

function forbiddenSeccomp(pod: PodLike): Violation | undefined {
  const isBad = (type: string | undefined) => type !== undefined && !confining.includes(type);
  const ofPod = pod.spec.securityContext?.seccompProfile?.type;
  const bad = containersWhere(pod, ({ seccompProfile }) => isBad(seccompProfile?.type));
  if (!isBad(ofPod) && bad.length === 0) return undefined;
  const types = distinct([...(isBad(ofPod) ? [ofPod ?? ''] : []), ...bad.map((one) => one.securityContext?.seccompProfile?.type ?? '')]);
  const detail = `${settersText(isBad(ofPod), bad)} must not set securityContext.seccompProfile.type to ${quoted(types)}`;
  return { reason: 'seccompProfile', detail };
}

/** How profiles were named before there was a field for them. */
function seccompAnnotations({ metadata, spec }: PodLike): Violation | undefined {
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...everyContainer(spec).map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`),
  ];
  const forbidden = distinct(
    keys.flatMap((key) => {
      const value = metadata?.annotations?.[key];
      if (value === undefined || value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')) return [];
      return `${key}=${JSON.stringify(value)}`;
    }),
  );
  if (forbidden.length === 0) return undefined;
  return { reason: 'seccompProfile', detail: `forbidden ${plural(forbidden.length, 'annotation')} ${forbidden.join(', ')}` };
}

/** Parameters that hold for a pod's own namespaces alone, by the version that allowed them. */
const safeSysctls: Record<string, number> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
};

export const sysctls: Control = {
  id: 'sysctls',
  level: 'baseline',
  since: 0,
  check({ spec }, minor) {
    const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name);
    const forbidden = names.filter((name) => (safeSysctls[name] ?? Number.POSITIVE_INFINITY) > minor || !Object.hasOwn(safeSysctls, name));
    return forbidden.length > 0 ? { reason: 'forbidden sysctls', detail: forbidden.join(', ') } : undefined;
  },
};
