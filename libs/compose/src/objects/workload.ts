// What keeps a service's pods: a Deployment for what restarts, a DaemonSet for what runs on every node, and a Job for what ends: what says
// `restart: "no"` or `on-failure`, and what others wait for to complete.
import type { DaemonSet, Deployment, DeploymentStrategy, Job } from '@berth/api';
import { ComposeError } from '../compose-error.ts';
import type { Project } from '../project/project.ts';
import type { Service } from '../project/service.ts';
import type { Conversion } from './conversion.ts';
import { isHostPort } from './network.ts';
import { annotationsOf, type Pod, podOf } from './pod.ts';

/** As good as without end. */
const retriesMax = 2_147_483_647;

type Ending = { isEnding: false } | { isEnding: true; retries: number };

export function workloadOf(name: string, service: Service, conversion: Conversion): Deployment | DaemonSet | Job {
  const path = `services.${name}`;
  const mode = service.deploy?.mode ?? 'replicated';
  const ending = endingOf(path, name, service, conversion);
  const replicas = service.deploy?.replicas ?? service.scale ?? 1;
  const annotations = annotationsOf(`${path}.deploy`, service.deploy?.labels ?? {}, conversion);
  const metadata = {
    ...conversion.metadata(conversion.services.of(name), name),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
  if (mode.endsWith('-job') || ending.isEnding) {
    const retries = ending.isEnding ? ending.retries : retriesMax;
    const { template } = podOf(name, service, retries === 0 ? 'Never' : 'OnFailure', conversion);
    if (mode.startsWith('global')) conversion.warn(`${path}.deploy.mode: it runs ${replicas} times, not on every node`);
    const spec = { parallelism: replicas, completions: Math.max(1, replicas), backoffLimit: retries, template };
    return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec };
  }
  const pod = podOf(name, service, 'Always', conversion);
  const selector = { matchLabels: conversion.labels(name) };
  if (mode === 'global') return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector, template: pod.template } };
  if (mode !== 'replicated')
    throw new ComposeError(
      `${path}.deploy.mode: ${JSON.stringify(mode)} is none: there are replicated, global, replicated-job and global-job`,
    );
  const strategy = strategyOf(path, service, pod);
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas, selector, strategy, template: pod.template } };
}

function endingOf(path: string, name: string, { restart, deploy }: Service, { project }: Conversion): Ending {
  const policy = deploy?.restart_policy;
  const [word = '', times] = (policy?.condition ?? restart ?? '').split(':');
  const max = policy?.max_attempts ?? (times === undefined ? undefined : Number(times));
  if (max !== undefined && !(Number.isInteger(max) && max >= 0)) throw new ComposeError(`${path}.restart: ${times} is no number of times`);
  if (word === 'no' || word === 'none' || word === 'false') return { isEnding: true, retries: 0 };
  if (word === 'on-failure') return { isEnding: true, retries: max ?? retriesMax };
  if (['always', 'unless-stopped', 'any'].includes(word)) {
    const waiting = waitingForEnd(name, project);
    if (waiting !== undefined)
      throw new ComposeError(`${path}.restart: ${word} never ends, but services.${waiting} waits for that: use on-failure or "no"`);
    return { isEnding: false };
  }
  if (word !== '')
    throw new ComposeError(`${path}.restart: ${JSON.stringify(word)} is none: there are no, always, on-failure and unless-stopped`);
  // Without a word of it: it is to end when another service waits for that.
  return waitingForEnd(name, project) === undefined ? { isEnding: false } : { isEnding: true, retries: 0 };
}

/** The service that waits for this one to complete. */
function waitingForEnd(name: string, { services }: Project): string | undefined {
  return Object.keys(services).find((other) => services[other]?.depends_on?.[name]?.condition === 'service_completed_successfully');
}

/** Two at once would meet on the same volume or port of the node: then, as in Docker, the old one ends first. */
function strategyOf(path: string, service: Service, { volumes }: Pod): DeploymentStrategy {
  const { order, parallelism = 1 } = service.deploy?.update_config ?? {};
  if (order !== undefined && order !== 'start-first' && order !== 'stop-first')
    throw new ComposeError(`${path}.deploy.update_config.order: ${JSON.stringify(order)} is neither start-first nor stop-first`);
  // 0 is all at once.
  const many = parallelism === 0 ? '100%' : parallelism;
  if (order === 'start-first') return { type: 'RollingUpdate', rollingUpdate: { maxSurge: many, maxUnavailable: 0 } };
  const holdsPort = service.network_mode === 'host' || Object.values(service.ports ?? {}).some(isHostPort);
  if (volumes.isShared || holdsPort) return { type: 'Recreate' };
  if (order === 'stop-first') return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: many } };
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
}
