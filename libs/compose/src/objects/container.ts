// A service's container. What Docker leaves to an image or grants by itself is said where Kubernetes' own default is another.
import type { Container, ContainerPort, SecurityContext } from '@berth/api';
import { ComposeError } from '../compose-error.ts';
import type { Service } from '../project/service.ts';
import type { Conversion } from './conversion.ts';
import { unexpanded } from './expansion.ts';
import { dnsName } from './names.ts';
import { isHostPort, isOnHost } from './network.ts';
import { probesOf } from './probes.ts';
import { resourcesOf } from './resources.ts';

const pullPolicies: Record<string, NonNullable<Container['imagePullPolicy']>> = {
  always: 'Always',
  missing: 'IfNotPresent',
  if_not_present: 'IfNotPresent',
  never: 'Never',
  daily: 'Always',
  weekly: 'Always',
};

export function containerOf(name: string, service: Service, conversion: Conversion): Container {
  const path = `services.${name}`;
  const { working_dir: workingDir, tty, stdin_open: stdin, pull_policy: policy = 'missing' } = service;
  const image = conversion.images.get(name) ?? service.image ?? (service.build && dnsName(name, path));
  if (!image) throw new ComposeError(`${path}: it has no image`);
  const imagePullPolicy = pullPolicies[policy.startsWith('every_') ? 'always' : policy];
  if (!imagePullPolicy && policy !== 'build')
    throw new ComposeError(`${path}.pull_policy: ${JSON.stringify(policy)} is none: there are ${Object.keys(pullPolicies).join(', ')}`);
  const env = Object.entries(service.environment ?? {}).map(([key, value]) => ({ name: key, value: unexpanded(value ?? '') }));
  const ports = portsOf(service);
  const resources = resourcesOf(name, service);
  return {
    name: conversion.services.of(name),
    image,
    imagePullPolicy: imagePullPolicy ?? 'IfNotPresent',
    ...commandOf(path, service, conversion),
    ...(workingDir && { workingDir }),
    ...(env.length > 0 && { env }),
    ...(ports.length > 0 && { ports }),
    ...(resources && { resources }),
    ...(tty && { tty }),
    ...(stdin && { stdin }),
    securityContext: securityOf(path, service, conversion),
    ...probesOf(name, service, conversion),
  };
}

/** An entrypoint replaces the image's command as well, in Docker as in Kubernetes. */
function commandOf(path: string, { entrypoint, command }: Service, conversion: Conversion): Partial<Container> {
  const words = (list: string[] | undefined) => (list ?? []).map(unexpanded);
  const [own, given] = [words(entrypoint), words(command)];
  // An empty one takes the image's away: what is left is the command.
  if (entrypoint?.length === 0) {
    if (given.length === 0) throw new ComposeError(`${path}.entrypoint: it is empty, and so is command: nothing is left to run`);
    return { command: given };
  }
  if (command?.length === 0 && own.length === 0) conversion.warn(`${path}.command does not act: an empty one cannot take the image's away`);
  return { ...(own.length > 0 && { command: own }), ...(given.length > 0 && { args: given }) };
}

function portsOf(service: Service): ContainerPort[] {
  const ports = new Map<string, ContainerPort>();
  for (const port of Object.values(service.ports ?? {})) {
    const { target, protocol, published, hostIp } = port;
    const isHost = isHostPort(port) && !isOnHost(service);
    const key = isHost ? `${hostIp}:${published}/${protocol}` : `${target}/${protocol}`;
    ports.set(key, { containerPort: target, protocol, ...(isHost && { hostPort: published, hostIP: hostIp }) });
  }
  return [...ports.values()];
}

function securityOf(path: string, service: Service, conversion: Conversion): SecurityContext {
  const { privileged, read_only: readOnlyRootFilesystem, cap_add: add = [], cap_drop: drop = [] } = service;
  const capability = (name: string) => name.toUpperCase().replace(/^CAP_/, '');
  const options = (service.security_opt ?? []).map((option) => option.replace('=', ':'));
  const isBound = options.some((option) => option === 'no-new-privileges' || option === 'no-new-privileges:true');
  if (isBound && (privileged || add.some((name) => capability(name) === 'SYS_ADMIN')))
    throw new ComposeError(`${path}.security_opt: no-new-privileges cannot stand beside privileged or SYS_ADMIN: take one away`);
  for (const option of options.filter((one) => !/^(no-new-privileges(:.*)?|seccomp:unconfined)$/.test(one)))
    conversion.warn(`${path}.security_opt: ${option} does not act`);
  return {
    ...userOf(path, service),
    // Docker's default, which sudo and the like need.
    allowPrivilegeEscalation: !isBound,
    ...(privileged && { privileged }),
    ...(readOnlyRootFilesystem && { readOnlyRootFilesystem }),
    ...((add.length > 0 || drop.length > 0) && {
      capabilities: { ...(add.length > 0 && { add: add.map(capability) }), ...(drop.length > 0 && { drop: drop.map(capability) }) },
    }),
    ...(options.includes('seccomp:unconfined') && { seccompProfile: { type: 'Unconfined' } }),
  };
}

function userOf(path: string, { user }: Service): SecurityContext {
  if (!user) return {};
  const [own = '', group] = user.split(':');
  const number = (text: string) => (text === 'root' ? 0 : /^\d+$/.test(text) ? Number(text) : undefined);
  const runAsUser = number(own);
  const runAsGroup = group === undefined ? undefined : number(group);
  if (runAsUser === undefined || (group !== undefined && runAsGroup === undefined))
    throw new ComposeError(
      `${path}.user: ${JSON.stringify(user)} is a name, which only the image knows: write its numbers, such as "1000:1000"`,
    );
  return { runAsUser, ...(runAsGroup !== undefined && { runAsGroup }) };
}
