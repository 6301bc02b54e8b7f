// Environment variables of a container.
import type { Container, EnvFromSource, EnvVar, FileKeySelector, PodSpec } from '../generated/core-v1.types.ts';
import { each, type FieldError, invalid, invalidAll, notFound, required } from './errors.ts';
import { envFieldPaths, objectFieldSelector, resourceFieldSelector } from './field-path.ts';
import { configMapKey, dnsLabel, dnsSubdomain, envVarName } from './names.ts';
import { withoutBacksteps } from './security-context.ts';

export function env(variables: EnvVar[] | undefined, field: string): FieldError[] {
  return each(variables, field, (variable, path) => {
    const nameErrors = variable.name ? invalidAll(`${path}.name`, variable.name, envVarName(variable.name)) : [required(`${path}.name`)];
    return [...nameErrors, ...valueFrom(variable, `${path}.valueFrom`)];
  });
}

function valueFrom(variable: EnvVar, field: string): FieldError[] {
  const source = variable.valueFrom;
  if (!source) return [];
  const errors: FieldError[] = [];
  if (source.fieldRef) errors.push(...objectFieldSelector(source.fieldRef, envFieldPaths, `${field}.fieldRef`));
  if (source.resourceFieldRef) errors.push(...resourceFieldSelector(source.resourceFieldRef, false, `${field}.resourceFieldRef`));
  if (source.configMapKeyRef) errors.push(...keyRef(source.configMapKeyRef, `${field}.configMapKeyRef`));
  if (source.secretKeyRef) errors.push(...keyRef(source.secretKeyRef, `${field}.secretKeyRef`));
  if (source.fileKeyRef) errors.push(...fileKeyRef(source.fileKeyRef, `${field}.fileKeyRef`));
  const given = [source.fieldRef, source.resourceFieldRef, source.configMapKeyRef, source.secretKeyRef, source.fileKeyRef].filter(
    Boolean,
  ).length;
  if (given === 0) {
    errors.push(
      invalid(field, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'),
    );
  } else if (variable.value) {
    errors.push(invalid(field, '', 'may not be specified when `value` is not empty'));
  } else if (given > 1) {
    errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

/** A variable in a file of a volume. */
function fileKeyRef({ key, volumeName, path }: FileKeySelector, field: string): FieldError[] {
  return [
    ...(key ? invalidAll(`${field}.key`, key, envVarName(key)) : [required(`${field}.key`)]),
    ...(volumeName ? invalidAll(`${field}.volumeName`, volumeName, dnsLabel(volumeName)) : [required(`${field}.volumeName`)]),
    ...(path ? withoutBacksteps(path, `${field}.path`) : [required(`${field}.path`)]),
  ];
}

/** Files are read from volumes that the pod's own containers write. */
export function fileKeyVolumes(spec: PodSpec, field: string): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name ?? '', volume]));
  const check = (list: Pick<Container, 'env'>[] | undefined, path: string) =>
    each(list, path, (container, at) =>
      each(container.env, `${at}.env`, ({ valueFrom }, variable) => {
        const name = valueFrom?.fileKeyRef?.volumeName;
        if (!valueFrom?.fileKeyRef) return [];
        const volume = volumes.get(name ?? '');
        const volumeField = `${variable}.valueFrom.fileKeyRef.volumeName`;
        if (!volume) return [notFound(volumeField, name ?? '')];
        return volume.emptyDir ? [] : [invalid(volumeField, name ?? '', 'referenced volume must be of type emptyDir')];
      }),
    );
  return [
    ...check(spec.initContainers, `${field}.initContainers`),
    ...check(spec.containers, `${field}.containers`),
    ...check(spec.ephemeralContainers, `${field}.ephemeralContainers`),
  ];
}

function keyRef(ref: { name?: string; key: string }, field: string): FieldError[] {
  const errors = invalidAll(`${field}.name`, ref.name ?? '', dnsSubdomain(ref.name ?? ''));
  errors.push(...(ref.key ? invalidAll(`${field}.key`, ref.key, configMapKey(ref.key)) : [required(`${field}.key`)]));
  return errors;
}

export function envFrom(sources: EnvFromSource[] | undefined, field: string): FieldError[] {
  return each(sources, field, (source, path) => {
    const errors = source.prefix ? invalidAll(`${path}.prefix`, source.prefix, envVarName(source.prefix)) : [];
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const ref = source[kind];
      if (ref)
        errors.push(
          ...(ref.name ? invalidAll(`${path}.${kind}.name`, ref.name, dnsSubdomain(ref.name)) : [required(`${path}.${kind}.name`)]),
        );
    }
    if (!source.configMapRef && !source.secretRef) errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (source.configMapRef && source.secretRef) errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
    return errors;
  });
}
