// The pod that a replica of a service is.
import { type HostAlias, type PodSpec, type PodTemplateSpec, populateAnnotation } from '@berth/api';
import { ComposeError } from '../compose-error.ts';
import type { Service } from '../project/service.ts';
import { containerOf } from './container.ts';
import type { Conversion } from './conversion.ts';
import { contentAnnotation } from './names.ts';
import { aliasLabels, isOnHost } from './network.ts';
import { mountedFiles } from './stored-files.ts';
import { wholeSeconds } from './units.ts';
import { type MountedVolumes, mountedVolumes } from './volumes.ts';

/** Docker's. */
const stopGraceDefault = '10s';
const hostnamePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** What a key of an annotation is. */
const annotationPattern = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export interface Pod {
  template: PodTemplateSpec;
  volumes: MountedVolumes;
}

export function podOf(name: string, service: Service, restartPolicy: PodSpec['restartPolicy'], conversion: Conversion): Pod {
  const path = `services.${name}`;
  const mounted = mountedVolumes(name, service, conversion);
  const files = mountedFiles(name, service, conversion);
  const container = containerOf(name, service, conversion);
  const volumes = [...mounted.volumes, ...files.volumes];
  const volumeMounts = [...mounted.mounts, ...files.mounts];
  const annotations = {
    ...annotationsOf(path, { ...service.labels, ...service.annotations }, conversion),
    ...(mounted.populates && { [populateAnnotation]: 'image' }),
    ...(files.contents !== '' && { [contentAnnotation]: fingerprint(files.contents) }),
  };
  const template: PodTemplateSpec = {
    metadata: {
      labels: { ...conversion.labels(name), ...aliasLabels(name, service, conversion) },
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: wholeSeconds(service.stop_grace_period ?? stopGraceDefault, `${path}.stop_grace_period`),
      // Programs of Compose expect no variables of other services.
      enableServiceLinks: false,
      ...namespacesOf(path, service, conversion),
      ...namesOf(path, service, conversion),
      ...securityOf(path, service, conversion),
      containers: [{ ...container, ...(volumeMounts.length > 0 && { volumeMounts }) }],
      ...(volumes.length > 0 && { volumes }),
    },
  };
  return { template, volumes: mounted };
}

export function annotationsOf(path: string, labels: Record<string, string | null>, conversion: Conversion): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries(labels)) {
    if (annotationPattern.test(key)) result[key] = value ?? '';
    else conversion.warn(`${path}.labels.${key} does not act: it is no key of an annotation`);
  }
  return result;
}

/** Which namespaces of the kernel it has for itself. */
function namespacesOf(path: string, service: Service, conversion: Conversion): Partial<PodSpec> {
  const { network_mode: network, pid, ipc, init, platform } = service;
  if (network?.startsWith('service:') || network?.startsWith('container:') || network === 'none')
    throw new ComposeError(
      `${path}.network_mode: ${network} is not there: a pod has a network of its own, or with "host" that of the node`,
    );
  if (pid !== undefined && pid !== 'host') conversion.warn(`${path}.pid does not act: ${pid} is not host`);
  if (ipc !== undefined && !['host', 'private', 'shareable'].includes(ipc)) conversion.warn(`${path}.ipc does not act: ${ipc} is not host`);
  const [os, architecture] = platform?.split('/') ?? [];
  const selector = { ...(os && { 'kubernetes.io/os': os }), ...(architecture && { 'kubernetes.io/arch': architecture }) };
  return {
    ...(isOnHost(service) && { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
    ...(pid === 'host' && { hostPID: true }),
    ...(ipc === 'host' && { hostIPC: true }),
    // The sandbox is then process 1, and takes in what is left behind.
    ...(init && pid !== 'host' && { shareProcessNamespace: true }),
    ...(Object.keys(selector).length > 0 && { nodeSelector: selector }),
  };
}

function namesOf(path: string, service: Service, conversion: Conversion): Partial<PodSpec> {
  const hostname = service.hostname?.toLowerCase().split('.')[0];
  if (hostname !== undefined && !hostnamePattern.test(hostname))
    throw new ComposeError(`${path}.hostname: ${JSON.stringify(service.hostname)} is no host name: use letters, digits and dashes`);
  const hostAliases = hostAliasesOf(path, service, conversion);
  const nameservers = service.dns ?? [];
  const options = (service.dns_opt ?? []).map((option) => {
    const [name = '', value] = option.split(':');
    return { name, ...(value !== undefined && { value }) };
  });
  const dnsConfig = {
    ...(nameservers.length > 0 && { nameservers }),
    ...(service.dns_search && { searches: service.dns_search }),
    ...(options.length > 0 && { options }),
  };
  return {
    ...(hostname && { hostname }),
    ...(hostAliases.length > 0 && { hostAliases }),
    ...(Object.keys(dnsConfig).length > 0 && { dnsConfig }),
  };
}

function hostAliasesOf(path: string, service: Service, conversion: Conversion): HostAlias[] {
  const byAddress = new Map<string, string[]>();
  for (const [host, address] of Object.entries(service.extra_hosts ?? {})) {
    if (!address || !/^[0-9A-Fa-f.:]+$/.test(address)) {
      conversion.warn(`${path}.extra_hosts.${host} does not act: ${address} is no address`);
      continue;
    }
    byAddress.set(address, [...(byAddress.get(address) ?? []), host]);
  }
  return [...byAddress].map(([ip, hostnames]) => ({ ip, hostnames }));
}

function securityOf(path: string, service: Service, conversion: Conversion): Partial<PodSpec> {
  const groups = (service.group_add ?? []).filter((group) => {
    if (/^\d+$/.test(group)) return true;
    conversion.warn(`${path}.group_add: ${group} does not act: write the group's number`);
    return false;
  });
  const ofNode = (name: string) =>
    (isOnHost(service) && name.startsWith('net.')) || (service.ipc === 'host' && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(name));
  const sysctls = Object.entries(service.sysctls ?? {}).flatMap(([name, value]) => {
    if (!ofNode(name)) return [{ name, value: value ?? '' }];
    conversion.warn(`${path}.sysctls.${name} does not act: it would be the node's`);
    return [];
  });
  if (groups.length === 0 && sysctls.length === 0) return {};
  return {
    securityContext: {
      ...(groups.length > 0 && { supplementalGroups: groups.map(Number) }),
      ...(sysctls.length > 0 && { sysctls }),
    },
  };
}

/** FNV-1a of 32 bits: it says that a content has changed, and keeps nothing secret. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}
