// What a pod may use of the machine it runs on.

import { everyContainer } from '../defaults/pod-spec.ts';
import type { LifecycleHandler, Probe } from '../generated/core-v1.types.ts';
import { type Control, containersText, containersWhere, distinct, plural, quoted, settersText } from './control.ts';

export const hostNamespaces: Control = {
  id: 'hostNamespaces',
  level: 'baseline',
  since: 0,
  check({ spec }) {
    const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name]).map((name) => `${name}=true`);
    return used.length > 0 ? { reason: 'host namespaces', detail: used.join(', ') } : undefined;
  },
};

export const hostPathVolumes: Control = {
  id: 'hostPathVolumes',
  level: 'baseline',
  since: 0,
  check({ spec }) {
    const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
    if (names.length === 0) return undefined;
    return { reason: 'hostPath volumes', detail: `${plural(names.length, 'volume')} ${quoted(names)}` };
  },
};

export const hostPorts: Control = {
  id: 'hostPorts',
  level: 'baseline',
  since: 0,
  check({ spec }) {
    const using = everyContainer(spec).filter(({ ports }) => ports?.some(({ hostPort }) => hostPort));
    if (using.length === 0) return undefined;
    const ports = distinct(
      using.flatMap((container) => (container.ports ?? []).flatMap(({ hostPort }) => (hostPort ? String(hostPort) : []))),
    );
    const verb = plural(using.length, 'uses', 'use');
    return { reason: 'hostPort', detail: `${containersText(using)} ${verb} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}` };
  },
};

/** Probes run in the node's network: another host than the pod's reaches what the pod itself may not. */
export const hostProbes: Control = {
  id: 'hostProbesAndHostLifecycle',
  level: 'baseline',
  since: 34,
  check({ spec }) {
    const found = everyContainer(spec)
      .map((container) => {
        const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
        const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
        return { container, hosts: handlers.flatMap(hostsOf) };
      })
      .filter(({ hosts }) => hosts.length > 0);
    if (found.length === 0) return undefined;
    const names = distinct(found.map(({ container }) => container.name));
    const hosts = distinct(found.flatMap((one) => one.hosts));
    const who = `${plural(names.length, 'container')} ${quoted(names)} ${plural(names.length, 'uses', 'use')}`;
    return { reason: 'probe or lifecycle host', detail: `${who} ${plural(hosts.length, 'probe or lifecycle host')} ${quoted(hosts)}` };
  },
};

function hostsOf(handler: Probe | LifecycleHandler | undefined): string[] {
  return [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => host || []);
}

export const windowsHostProcess: Control = {
  id: 'windowsHostProcess',
  level: 'baseline',
  since: 0,
  check(pod) {
    const isPod = pod.spec.securityContext?.windowsOptions?.hostProcess === true;
    const containers = containersWhere(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
    if (!isPod && containers.length === 0) return undefined;
    return {
      reason: 'hostProcess',
      detail: `${settersText(isPod, containers)} must not set securityContext.windowsOptions.hostProcess=true`,
    };
  },
};

const allowedSources = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

export const restrictedVolumes: Control = {
  id: 'restrictedVolumes',
  level: 'restricted',
  since: 0,
  replaces: 'hostPathVolumes',
  check({ spec }) {
    const bad = (spec.volumes ?? []).filter((volume) => !allowedSources.some((source) => Object.hasOwn(volume, source)));
    if (bad.length === 0) return undefined;
    const types = distinct(bad.map((volume) => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown'));
    const who = `${plural(bad.length, 'volume')} ${quoted(bad.map(({ name }) => name))} ${plural(bad.length, 'uses', 'use')}`;
    return { reason: 'restricted volume types', detail: `${who} ${plural(types.length, 'restricted volume type')} ${quoted(types)}` };
  },
};
