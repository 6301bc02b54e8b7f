// Security contexts of pods and containers.
import type { AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext } from '../generated/core-v1.types.ts';
import {
  duplicate,
  each,
  type FieldError,
  invalid,
  invalidAll,
  notSupported,
  oneOf,
  optionalOneOfGiven,
  required,
  shown,
  tooLong,
} from './errors.ts';
import { userId } from './names.ts';
import { windowsOptions } from './windows.ts';

/** A path less its end. */
const profileBytesMax = 4095;
const sysctlSource = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const sysctlPattern = new RegExp(sysctlSource);

function ids<K extends string>(context: Partial<Record<K, number>>, keys: readonly K[], field: string): FieldError[] {
  return keys.flatMap((key) => {
    const id = context[key];
    return id === undefined ? [] : invalidAll(`${field}.${key}`, id, userId(id));
  });
}

export function seccomp(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (!profile) return [];
  const errors = profile.type
    ? oneOf(`${field}.type`, profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined'])
    : [required(`${field}.type`, 'type is required when seccompProfile is set')];
  const path = `${field}.localhostProfile`;
  if (profile.type !== 'Localhost') {
    if (profile.localhostProfile !== undefined)
      errors.push(invalid(path, shown('core.v1.SeccompProfile', profile), 'can only be set when seccomp type is Localhost'));
  } else if (profile.localhostProfile === undefined) {
    errors.push(required(path, 'must be set when seccomp type is Localhost'));
  } else {
    errors.push(...descendingPath(profile.localhostProfile, path));
  }
  return errors;
}

/** A relative path that never climbs out of where it starts. */
export function descendingPath(path: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (path.startsWith('/')) errors.push(invalid(field, path, 'must be a relative path'));
  return [...errors, ...withoutBacksteps(path, field)];
}

export function withoutBacksteps(path: string, field: string): FieldError[] {
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];
}

export function containerSecurityContext(context: SecurityContext | undefined, spec: PodSpec, field: string): FieldError[] {
  if (!context) return [];
  const errors = ids(context, ['runAsUser', 'runAsGroup'], field);
  errors.push(...optionalOneOfGiven(`${field}.procMount`, context.procMount, ['Default', 'Unmasked']));
  if (context.procMount === 'Unmasked' && spec.hostUsers !== false)
    errors.push(invalid(`${field}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'));
  errors.push(...seccomp(context.seccompProfile, `${field}.seccompProfile`));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged)
      errors.push(
        invalid(
          field,
          shown('core.v1.SecurityContext', context),
          'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
        ),
      );
    if (context.capabilities?.add?.some((capability) => capability === 'CAP_SYS_ADMIN')) {
      errors.push(
        invalid(
          field,
          shown('core.v1.SecurityContext', context),
          'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
        ),
      );
    }
  }
  errors.push(...windowsOptions(context.windowsOptions, `${field}.windowsOptions`));
  return [...errors, ...appArmor(context.appArmorProfile, `${field}.appArmorProfile`)];
}

function appArmor(profile: AppArmorProfile | undefined, field: string): FieldError[] {
  if (!profile) return [];
  const { type, localhostProfile: name } = profile;
  const path = `${field}.localhostProfile`;
  if (!type) return [required(`${field}.type`, 'type is required when appArmorProfile is set')];
  if (type === 'RuntimeDefault' || type === 'Unconfined')
    return name === undefined ? [] : [invalid(path, name, 'can only be set when AppArmor type is Localhost')];
  if (type !== 'Localhost') return [notSupported(`${field}.type`, type, ['Localhost', 'RuntimeDefault', 'Unconfined'])];
  if (!name) return [required(path, 'must be set when AppArmor type is Localhost')];
  const errors = name === name.trim() ? [] : [invalid(path, name, 'must not be padded with whitespace')];
  return name.length > profileBytesMax ? [...errors, tooLong(path, profileBytesMax)] : errors;
}

export function podSecurityContext(spec: PodSpec, field: string): FieldError[] {
  const context: PodSecurityContext = spec.securityContext ?? {};
  const path = `${field}.securityContext`;
  const errors = ids(context, ['fsGroup', 'runAsUser', 'runAsGroup'], path);
  errors.push(...each(context.supplementalGroups, `${path}.supplementalGroups`, (id, idPath) => invalidAll(idPath, id, userId(id))));
  errors.push(...sysctls(spec, `${path}.sysctls`));
  errors.push(...optionalOneOfGiven(`${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']));
  errors.push(...optionalOneOfGiven(`${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']));
  errors.push(...seccomp(context.seccompProfile, `${path}.seccompProfile`));
  errors.push(...windowsOptions(context.windowsOptions, `${path}.windowsOptions`));
  errors.push(...appArmor(context.appArmorProfile, `${path}.appArmorProfile`));
  // Volumes that are mounted with a context come with a feature that is off.
  errors.push(...optionalOneOfGiven(`${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ['Recursive']));
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.push(invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  }
  return errors;
}

function sysctls(spec: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>();
  return each(spec.securityContext?.sysctls, field, (sysctl, path) => {
    const name = sysctl.name ?? '';
    // Slashes and dots mean the same as separators.
    const canonical = name.replaceAll('/', '.');
    const errors: FieldError[] = [];
    if (!name) errors.push(required(`${path}.name`));
    else if (name.length > 253 || !sysctlPattern.test(name)) {
      errors.push(invalid(`${path}.name`, name, `must have at most 253 characters and match regex ${sysctlSource}`));
    } else if (seen.has(canonical)) errors.push(duplicate(`${path}.name`, name));
    if (spec.hostNetwork && canonical.startsWith('net.'))
      errors.push(invalid(`${path}.name`, name, "may not be specified when 'hostNetwork' is true"));
    seen.add(canonical);
    return errors;
  });
}
