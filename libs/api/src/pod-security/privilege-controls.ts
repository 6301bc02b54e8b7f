// What a container's processes may do beyond those of a plain one.
import {
  type Control,
  containersText,
  containersWhere,
  distinct,
  isSparedWindows,
  type PodLike,
  quoted,
  settersText,
  type Violation,
} from './control.ts';

export const privileged: Control = {
  id: 'privileged',
  level: 'baseline',
  since: 0,
  check(pod) {
    const bad = containersWhere(pod, (context) => context.privileged === true);
    if (bad.length === 0) return undefined;
    return { reason: 'privileged', detail: `${containersText(bad)} must not set securityContext.privileged=true` };
  },
};

export const allowPrivilegeEscalation: Control = {
  id: 'allowPrivilegeEscalation',
  level: 'restricted',
  since: 8,
  check(pod, minor) {
    const bad = containersWhere(pod, (context) => context.allowPrivilegeEscalation !== false);
    if (bad.length === 0 || isSparedWindows(pod, minor)) return undefined;
    const detail = `${containersText(bad)} must set securityContext.allowPrivilegeEscalation=false`;
    return { reason: 'allowPrivilegeEscalation != false', detail };
  },
};

const defaultCapabilities = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

export const baselineCapabilities: Control = {
  id: 'capabilities_baseline',
  level: 'baseline',
  since: 0,
  check(pod) {
    const detail = addedText(pod, defaultCapabilities);
    return detail === undefined ? undefined : { reason: 'non-default capabilities', detail };
  },
};

export const restrictedCapabilities: Control = {
  id: 'capabilities_restricted',
  level: 'restricted',
  since: 22,
  replaces: 'capabilities_baseline',
  check(pod, minor) {
    if (isSparedWindows(pod, minor)) return undefined;
    const keeping = containersWhere(pod, ({ capabilities }) => !capabilities?.drop?.includes('ALL'));
    const added = addedText(pod, ['NET_BIND_SERVICE']);
    const details = [
      ...(keeping.length > 0 ? [`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
      ...(added === undefined ? [] : [added]),
    ];
    return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
  },
};

/** Who adds which capabilities beside the allowed ones. */
function addedText(pod: PodLike, allowed: string[]): string | undefined {
  const beyond = (added: string[] | undefined) => (added ?? []).filter((name) => !allowed.includes(name));
  const adding = containersWhere(pod, ({ capabilities }) => beyond(capabilities?.add).length > 0);
  if (adding.length === 0) return undefined;
  const names = distinct(adding.flatMap(({ securityContext }) => beyond(securityContext?.capabilities?.add)));
  return `${containersText(adding)} must not include ${quoted(names)} in securityContext.capabilities.add`;
}

export const procMount: Control = {
  id: 'procMount',
  level: 'baseline',
  since: 0,
  check(pod): Violation | undefined {
    const bad = containersWhere(pod, (context) => context.procMount !== undefined && context.procMount !== 'Default');
    if (bad.length === 0) return undefined;
    const types = distinct(bad.map(({ securityContext }) => securityContext?.procMount ?? ''));
    return { reason: 'procMount', detail: `${containersText(bad)} must not set securityContext.procMount to ${quoted(types)}` };
  },
};

export const runAsNonRoot: Control = {
  id: 'runAsNonRoot',
  level: 'restricted',
  since: 0,
  check(pod) {
    const reason = 'runAsNonRoot != true';
    const wanted = pod.spec.securityContext?.runAsNonRoot;
    const refusing = containersWhere(pod, (context) => context.runAsNonRoot === false);
    if (wanted === false || refusing.length > 0) {
      return { reason, detail: `${settersText(wanted === false, refusing)} must not set securityContext.runAsNonRoot=false` };
    }
    const silent = wanted ? [] : containersWhere(pod, (context) => context.runAsNonRoot === undefined);
    if (silent.length === 0) return undefined;
    return { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` };
  },
};

export const runAsUser: Control = {
  id: 'runAsUser',
  level: 'restricted',
  since: 23,
  check(pod) {
    const isPod = pod.spec.securityContext?.runAsUser === 0;
    const root = containersWhere(pod, (context) => context.runAsUser === 0);
    if (!isPod && root.length === 0) return undefined;
    return { reason: 'runAsUser=0', detail: `${settersText(isPod, root)} must not set runAsUser=0` };
  },
};
