// A project as objects: its namespace, what services mount, how they are reached, and what keeps their pods, in the order in which they start.
import type { KubeObject } from '@berth/machinery';
import type { ComposeFiles } from '../compose-files.ts';
import { type Project, startOrder } from '../project/project.ts';
import { Conversion } from './conversion.ts';
import { dnsName } from './names.ts';
import { aliasServices, servicesOf } from './network.ts';
import { storedFiles } from './stored-files.ts';
import { claims } from './volumes.ts';
import { workloadOf } from './workload.ts';

export interface Awaited {
  /** As the file calls it. */
  service: string;
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
}

export interface ServiceObjects {
  /** As the file calls it. */
  service: string;
  workload: KubeObject;
  /** What is awaited before it starts. */
  after: Awaited[];
}

export interface ProjectObjects {
  /** Of the project, and its namespace. */
  name: string;
  namespace: KubeObject;
  /** What workloads name: before them. */
  parts: KubeObject[];
  /** Each after those that it depends on. */
  workloads: ServiceObjects[];
  /** Labels of services whose objects stay, though there may be none of them here: those without an active profile. */
  inactive: string[];
  warnings: string[];
}

/** @param images by service, of those that were built @throws ComposeError */
export function projectObjects(project: Project, files: ComposeFiles, images?: ReadonlyMap<string, string>): ProjectObjects {
  const conversion = new Conversion(project, files, images);
  const { services } = project;
  if (new Set(Object.values(services).flatMap(({ networks }) => (networks ? Object.keys(networks) : []))).size > 1)
    conversion.warn('networks: services of different networks reach each other: a NetworkPolicy keeps them apart');
  const parts: KubeObject[] = [...claims(conversion), ...storedFiles(conversion)];
  for (const [name, service] of Object.entries(services)) parts.push(...servicesOf(name, service, conversion));
  parts.push(...aliasServices(conversion));
  const workloads = startOrder(services)
    .flat()
    .map((name): ServiceObjects => {
      const service = services[name] ?? {};
      const needed = Object.entries(service.depends_on ?? {}).filter(([other]) => services[other]);
      return {
        service: name,
        workload: workloadOf(name, service, conversion),
        after: needed.map(([other, { condition }]) => ({ service: other, condition })),
      };
    });
  const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: project.name, labels: conversion.labels() } };
  const inactive = project.allServices.filter((name) => !services[name]).map((name) => dnsName(name, `services.${name}`));
  return { name: project.name, namespace, inactive, parts, workloads, warnings: conversion.warnings };
}
