// How services are reached. Among each other as in Docker: every port of a container, by the service's name and aliases, whether it is
// healthy or not; that is a Service without an address of its own. From elsewhere: published ports are a Service of type LoadBalancer,
// which leads to every replica and does not tie pods to nodes as a hostPort does; those for one address of the node stay a hostPort, since
// a load balancer would open them to all.
import type { Service as KubeService, ServicePort } from '@berth/api';
import { portsOf } from '../project/ports.ts';
import type { Port, Service } from '../project/service.ts';
import type { Conversion } from './conversion.ts';
import { aliasLabelPrefix } from './names.ts';

const publishedEnding = '-published';
const anyPortEnding = '-any-port';
const anyAddress = ['', '0.0.0.0', '::'];
const aliasPattern = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function servicesOf(name: string, service: Service, conversion: Conversion): KubeService[] {
  if (isOnHost(service)) return [];
  const published = Object.values(service.ports ?? {}).filter((port) => !isHostPort(port));
  const fixed = published.filter((port) => port.published !== undefined);
  const free = published.filter((port) => port.published === undefined);
  const own = conversion.services.of(name);
  const selector = conversion.labels(name);
  const make = (ending: string, spec: KubeService['spec']): KubeService => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: conversion.metadata(`${own}${ending}`, name),
    spec: { selector, ...spec },
  });
  const inner = unique([...Object.values(service.ports ?? {}), ...(service.expose ?? []).flatMap((text) => portsOf(text))]);
  return [
    make('', {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      ...(inner.length > 0 && { ports: inner.map((port) => portOf(port, port.target)) }),
    }),
    ...(fixed.length > 0
      ? [make(publishedEnding, { type: 'LoadBalancer', ports: fixed.map((port) => portOf(port, port.published ?? 0)) })]
      : []),
    ...(free.length > 0 ? [make(anyPortEnding, { type: 'NodePort', ports: unique(free).map((port) => portOf(port, port.target)) })] : []),
  ];
}

/** A Service an alias, which leads to all services that have it. */
export function aliasServices(conversion: Conversion): KubeService[] {
  const { services } = conversion.project;
  const names = new Set(Object.keys(services).map((name) => conversion.services.of(name)));
  const aliases = new Set(Object.entries(services).flatMap(([name, service]) => aliasesOf(name, service, conversion)));
  return [...aliases]
    .filter((alias) => !names.has(alias))
    .map((alias) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: conversion.metadata(alias),
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: { ...conversion.labels(), [`${aliasLabelPrefix}${alias}`]: 'true' },
      },
    }));
}

/** Labels of a service's pods. */
export function aliasLabels(name: string, service: Service, conversion: Conversion): Record<string, string> {
  return Object.fromEntries(aliasesOf(name, service, conversion).map((alias) => [`${aliasLabelPrefix}${alias}`, 'true']));
}

/** Of its networks, of links of others, and the name of its container. */
function aliasesOf(name: string, service: Service, conversion: Conversion): string[] {
  if (isOnHost(service)) return [];
  const own = conversion.services.of(name);
  const networks = Object.values(service.networks ?? {}).flatMap(({ aliases = [] }) => aliases);
  const links = Object.values(conversion.project.services).flatMap(({ links: all = {} }) =>
    Object.entries(all).flatMap(([alias, target]) => (target === name ? [alias] : [])),
  );
  const given = new Set(
    [...networks, ...links, ...(service.container_name ? [service.container_name] : [])].map((alias) => alias.toLowerCase()),
  );
  return [...given].filter((alias) => {
    const isNew = alias !== own && alias !== name.toLowerCase();
    const isWell = aliasPattern.test(alias);
    if (isNew && !isWell)
      conversion.warn(`services.${name}: it is not reached as ${alias}, which is no name of a Service: use letters, digits and dashes`);
    return isNew && isWell;
  });
}

export function isOnHost({ network_mode: mode }: Service): boolean {
  return mode === 'host';
}

export function isHostPort({ hostIp = '', published }: Port): boolean {
  return published !== undefined && !anyAddress.includes(hostIp);
}

function portOf({ target, protocol, name, appProtocol }: Port, port: number): ServicePort {
  return {
    name: name && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name) ? name : `${protocol.toLowerCase()}-${port}`,
    port,
    targetPort: target,
    protocol,
    ...(appProtocol && { appProtocol }),
  };
}

/** One of each port of the container. */
function unique(ports: readonly Port[]): Port[] {
  const byTarget = new Map<string, Port>();
  for (const port of ports) if (!byTarget.has(`${port.target}/${port.protocol}`)) byTarget.set(`${port.target}/${port.protocol}`, port);
  return [...byTarget.values()];
}
