// Containers of a pod. Init containers differ: only those that restart always (sidecars) may have probes and hooks.
import type { Container, ContainerPort, PodSpec } from '../generated/core-v1.types.ts';
import { env, envFrom } from './env.ts';
import { duplicate, duplicates, each, type FieldError, forbidden, invalid, invalidAll, oneOf, required } from './errors.ts';
import { dnsLabel, portName, portNumber } from './names.ts';
import { lifecycle, probes } from './probes.ts';
import { claimsOf } from './resource-claims.ts';
import { resizePolicy, resourceRequirements } from './resources.ts';
import { containerRestartPolicy, initContainerRestartPolicy } from './restart-policy.ts';
import { containerSecurityContext } from './security-context.ts';
import { volumeDevices, volumeMounts } from './volume-mounts.ts';

export const protocols = ['SCTP', 'TCP', 'UDP'];

export function containers(spec: PodSpec, field: string): FieldError[] {
  const main = spec.containers ?? [];
  const path = `${field}.containers`;
  const errors = main.length === 0 ? [required(path)] : [];
  errors.push(...each(main, path, (container, at) => [...commonContainer(container, spec, at), ...mainOnly(container, spec, at)]));
  errors.push(...uniqueContainerNames(spec, field));
  errors.push(...hostPortConflicts(main, path));
  return errors;
}

function mainOnly(container: Container, spec: PodSpec, field: string): FieldError[] {
  const grace = spec.terminationGracePeriodSeconds ?? 30;
  const errors = [...lifecycle(container.lifecycle, grace, `${field}.lifecycle`), ...probes(container, grace, field)];
  return [...errors, ...containerRestartPolicy(container, field)];
}

export function initContainers(spec: PodSpec, field: string): FieldError[] {
  const grace = spec.terminationGracePeriodSeconds ?? 30;
  const path = `${field}.initContainers`;
  const errors = each(spec.initContainers, path, (container, at) => {
    const own = [...commonContainer(container, spec, at), ...initContainerRestartPolicy(container, at)];
    if (container.restartPolicy === 'Always') {
      return [...own, ...lifecycle(container.lifecycle, grace, `${at}.lifecycle`), ...probes(container, grace, at)];
    }
    for (const key of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[key]) own.push(forbidden(`${at}.${key}`, 'may not be set for init containers without restartPolicy=Always'));
    }
    return own;
  });
  // They run one by one, so a port may be taken by several.
  for (const [index, container] of (spec.initContainers ?? []).entries()) errors.push(...hostPortConflicts([container], path, index));
  return errors;
}

/** Templates are not looked at for this: there it was allowed before anybody asked. */
export function untrimmedImages(list: Pick<Container, 'image'>[] | undefined, field: string): FieldError[] {
  return each(list, field, ({ image = '' }, path) =>
    image === image.trim() ? [] : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')],
  );
}

/** What every container must hold. */
export function commonContainer(container: Container, spec: PodSpec, field: string): FieldError[] {
  const { name, image } = container;
  const errors = name ? invalidAll(`${field}.name`, name, dnsLabel(name)) : [required(`${field}.name`)];
  if (!image) errors.push(required(`${field}.image`));
  errors.push(...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']));
  errors.push(...ports(container.ports, `${field}.ports`));
  errors.push(...env(container.env, `${field}.env`), ...envFrom(container.envFrom, `${field}.envFrom`));
  errors.push(...volumeMounts(container, spec, `${field}.volumeMounts`), ...volumeDevices(container, spec, `${field}.volumeDevices`));
  errors.push(...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']));
  errors.push(...resourceRequirements(container.resources, `${field}.resources`));
  errors.push(...claimsOf(container.resources, spec, `${field}.resources.claims`));
  errors.push(...resizePolicy(container.resizePolicy, spec, `${field}.resizePolicy`));
  errors.push(...containerSecurityContext(container.securityContext, spec, `${field}.securityContext`));
  return errors;
}

function ports(list: ContainerPort[] | undefined, field: string): FieldError[] {
  return [
    ...each(list, field, (port, path) => [
      ...(port.name ? invalidAll(`${path}.name`, port.name, portName(port.name)) : []),
      ...(port.containerPort
        ? invalidAll(`${path}.containerPort`, port.containerPort, portNumber(port.containerPort))
        : [required(`${path}.containerPort`)]),
      ...(port.hostPort ? invalidAll(`${path}.hostPort`, port.hostPort, portNumber(port.hostPort)) : []),
      ...oneOf(`${path}.protocol`, port.protocol, protocols),
    ]),
    ...duplicates(
      list ?? [],
      (port) => port.name ?? '',
      (index, port) => duplicate(`${field}[${index}].name`, port.name),
    ),
  ];
}

function uniqueContainerNames(spec: PodSpec, field: string): FieldError[] {
  const names = new Set<string>();
  return (['containers', 'initContainers'] as const).flatMap((list) =>
    each(spec[list], `${field}.${list}`, ({ name = '' }, path) => {
      if (names.has(name)) return [duplicate(`${path}.name`, name)];
      // That two have none is worth a word of the first sort of containers alone.
      if (name || list === 'containers') names.add(name);
      return [];
    }),
  );
}

function hostPortConflicts(list: Container[], field: string, firstIndex = 0): FieldError[] {
  const taken = list.flatMap((container, at) =>
    (container.ports ?? []).map((port, index) => ({
      key: port.hostPort ? `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}` : '',
      path: `${field}[${firstIndex + at}].ports[${index}].hostPort`,
    })),
  );
  return duplicates(
    taken,
    (entry) => entry.key,
    (_, entry) => duplicate(entry.path, entry.key),
  );
}
