// Environment variables of a container.
import type { EnvFromSource, EnvVar } from '../generated/core-v1.types.ts';
import { each, type FieldError, invalid, invalidAll, required } from './errors.ts';
import { envFieldPaths, objectFieldSelector, resourceFieldSelector } from './field-path.ts';
import { configMapKey, envVarName } from './names.ts';

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

function keyRef(ref: { name?: string; key: string }, field: string): FieldError[] {
  const errors = ref.name ? [] : [required(`${field}.name`)];
  errors.push(...(ref.key ? invalidAll(`${field}.key`, ref.key, configMapKey(ref.key)) : [required(`${field}.key`)]));
  return errors;
}

export function envFrom(sources: EnvFromSource[] | undefined, field: string): FieldError[] {
  return each(sources, field, (source, path) => {
    const errors = source.prefix ? invalidAll(`${path}.prefix`, source.prefix, envVarName(source.prefix)) : [];
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const ref = source[kind];
      if (ref && !ref.name) errors.push(required(`${path}.${kind}.name`));
    }
    if (!source.configMapRef && !source.secretRef) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (source.configMapRef && source.secretRef) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    return errors;
  });
}
