// StatefulSets: like other workloads, and with claims that stay theirs.
import type { StatefulSet } from '../generated/apps-v1.types.ts';
import type { PodTemplateSpec } from '../generated/core-v1.types.ts';
import { isSame } from './changes.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, nonNegative, optionalOneOf, shown } from './errors.ts';
import { dnsLabel } from './names.ts';
import { validateClaimSpec } from './storage.ts';
import { intOrPercent, isZero, notMoreThanAll, selectorAndTemplate } from './workloads.ts';

const retentions = ['Retain', 'Delete'];

/**
 * @param old of what may not change, the service's name and the claims' are not looked at again; nor is the template if anything was wrong
 * with it before
 */
export function validateStatefulSetSpec({ spec }: StatefulSet, old?: StatefulSet): FieldError[] {
  const isUpdate = old !== undefined;
  return specErrors(spec, isUpdate, () => isUpdate && specErrors(old.spec, true, () => false).length > 0);
}

function specErrors(spec: StatefulSet['spec'], isUpdate: boolean, isTemplateKept: () => boolean): FieldError[] {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  const policy = spec.persistentVolumeClaimRetentionPolicy ?? {};
  const errors = [
    ...managementPolicy(spec.podManagementPolicy),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...(spec.serviceName && !isUpdate ? invalidAll('spec.serviceName', spec.serviceName, dnsLabel(spec.serviceName)) : []),
    ...optionalOneOf('spec.persistentVolumeClaimRetentionPolicy.whenDeleted', policy.whenDeleted, retentions),
    ...optionalOneOf('spec.persistentVolumeClaimRetentionPolicy.whenScaled', policy.whenScaled, retentions),
    ...selectorAndTemplate(spec.selector, withClaims(spec), 'StatefulSet', isTemplateKept),
    ...each(isUpdate ? [] : spec.volumeClaimTemplates, 'spec.volumeClaimTemplates', (claim, path) =>
      validateClaimSpec(claim.spec ?? {}, true, `${path}.spec`),
    ),
  ];
  const field = 'spec.updateStrategy';
  if (type === 'OnDelete') {
    if (rollingUpdate)
      errors.push(
        invalid(
          `${field}.rollingUpdate`,
          shown('apps.v1.RollingUpdateStatefulSetStrategy', rollingUpdate),
          `only allowed for updateStrategy 'RollingUpdate'`,
        ),
      );
  } else if (type === 'RollingUpdate') {
    errors.push(...nonNegative(`${field}.rollingUpdate.partition`, rollingUpdate?.partition));
    const { maxUnavailable } = rollingUpdate ?? {};
    errors.push(...intOrPercent(maxUnavailable, `${field}.rollingUpdate.maxUnavailable`));
    if (maxUnavailable !== undefined && isZero(maxUnavailable)) {
      errors.push(invalid(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable, 'cannot be 0'));
    }
    errors.push(...notMoreThanAll(maxUnavailable, `${field}.rollingUpdate.maxUnavailable`));
  } else {
    const value = shown('apps.v1.StatefulSetUpdateStrategy', spec.updateStrategy);
    errors.push(invalid(field, value, `must be 'RollingUpdate' or 'OnDelete'`));
  }
  return errors;
}

function managementPolicy(policy: string | undefined): FieldError[] {
  if (!policy || policy === 'OrderedReady' || policy === 'Parallel') return [];
  return [invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")];
}

/** The template as pods will have it: each claim is a volume that containers may mount, whose name is looked at there. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSet['spec']): PodTemplateSpec {
  const { spec } = template ?? {};
  if (!spec) return template;
  const names = [...new Set(volumeClaimTemplates.map((claim) => claim.metadata?.name ?? ''))];
  const others = (spec.volumes ?? []).filter((volume) => !names.includes(volume.name ?? ''));
  const claimed = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  // The controller gives each pod its own host name and subdomain.
  const { hostname: _hostname, subdomain: _subdomain, ...rest } = spec;
  return { ...template, spec: { ...rest, volumes: [...claimed, ...others] } };
}

const mayChange = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export function validateStatefulSetUpdate(next: StatefulSet, old: StatefulSet): FieldError[] {
  const rest = { ...next.spec, ...Object.fromEntries(mayChange.map((name) => [name, old.spec[name]])) };
  if (isSame('apps.v1.StatefulSetSpec', rest, old.spec)) return [];
  const names = mayChange.map((name) => `'${name}'`);
  const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return [forbidden('spec', `updates to statefulset spec for fields other than ${list} are forbidden`)];
}
