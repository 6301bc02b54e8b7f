// Containers of a pod. Init containers differ: only those that restart always (sidecars) may have probes and hooks.
import type { Container, ContainerPort, PodSpec, VolumeMount } from '../generated/core-v1.types.ts';
import { env, envFrom } from './env.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  forbidden,
  invalid,
  invalidAll,
  notFound,
  oneOf,
  optionalOneOf,
  required,
} from './errors.ts';
import { dnsLabel, portName, portNumber } from './names.ts';
import { lifecycle, probes } from './probes.ts';
import { resizePolicy, resourceRequirements } from './resources.ts';
import { containerRestartPolicy, initContainerRestartPolicy } from './restart-policy.ts';
import { containerSecurityContext, descendingPath } from './security-context.ts';

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
  errors.push(...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, ['FallbackToLogsOnError', 'File']));
  errors.push(...ports(container.ports, `${field}.ports`));
  errors.push(...env(container.env, `${field}.env`), ...envFrom(container.envFrom, `${field}.envFrom`));
  errors.push(...mounts(container, spec, `${field}.volumeMounts`), ...devices(container, spec, `${field}.volumeDevices`));
  errors.push(...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']));
  errors.push(...resourceRequirements(container.resources, `${field}.resources`));
  errors.push(...resizePolicy(container.resizePolicy, spec, `${field}.resizePolicy`));
  errors.push(...containerSecurityContext(container.securityContext, `${field}.securityContext`));
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

function mounts(container: Container, spec: PodSpec, field: string): FieldError[] {
  const known = new Set((spec.volumes ?? []).map((volume) => volume.name));
  const devicePaths = new Set((container.volumeDevices ?? []).map((device) => device.devicePath));
  return [
    ...each(container.volumeMounts, field, (mount, path) => mountErrors(mount, container, known, devicePaths, path)),
    ...duplicates(
      container.volumeMounts ?? [],
      (mount) => mount.mountPath ?? '',
      (index, mount) => invalid(`${field}[${index}].mountPath`, mount.mountPath, 'must be unique'),
    ),
  ];
}

function mountErrors(mount: VolumeMount, container: Container, known: Set<string>, devicePaths: Set<string>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!mount.name) errors.push(required(`${path}.name`));
  else if (!known.has(mount.name)) errors.push(notFound(`${path}.name`, mount.name));
  if (!mount.mountPath) errors.push(required(`${path}.mountPath`));
  if (devicePaths.has(mount.mountPath)) {
    errors.push(invalid(`${path}.mountPath`, mount.mountPath, 'must not already exist in volumeDevices'));
  }
  if (mount.subPath) errors.push(...descendingPath(mount.subPath, `${path}.subPath`));
  if (mount.subPathExpr) {
    if (mount.subPath) errors.push(invalid(`${path}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
    errors.push(...descendingPath(mount.subPathExpr, `${path}.subPathExpr`));
  }
  errors.push(...optionalOneOf(`${path}.mountPropagation`, mount.mountPropagation, ['Bidirectional', 'HostToContainer', 'None']));
  if (mount.mountPropagation === 'Bidirectional' && !container.securityContext?.privileged) {
    errors.push(forbidden(`${path}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'));
  }
  return errors;
}

function devices(container: Container, spec: PodSpec, field: string): FieldError[] {
  const known = new Set((spec.volumes ?? []).map((volume) => volume.name));
  return each(container.volumeDevices, field, (device, path) => {
    const errors: FieldError[] = [];
    if (!device.name) errors.push(required(`${path}.name`));
    else if (!known.has(device.name)) errors.push(notFound(`${path}.name`, device.name));
    if (!device.devicePath) errors.push(required(`${path}.devicePath`));
    return errors;
  });
}

function uniqueContainerNames(spec: PodSpec, field: string): FieldError[] {
  const named = (['containers', 'initContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ name: container.name ?? '', path: `${field}.${list}[${index}].name` })),
  );
  return duplicates(
    named,
    (entry) => entry.name,
    (_, entry) => duplicate(entry.path, entry.name),
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
