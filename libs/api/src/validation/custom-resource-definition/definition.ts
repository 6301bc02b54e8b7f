// Definitions of kinds as a whole, with Kubernetes' rules, paths and messages (k8s.io/apiextensions-apiserver 0.35.4,
// pkg/apis/apiextensions/validation). Rules in CEL are looked at here without being compiled.
import type { CustomResourceDefinition, CustomResourceDefinitionSpec } from '../../generated/apiextensions-v1.types.ts';
import { type FieldError, immutable, invalid, invalidWithoutValue, oneOf, required, shown } from '../errors.ts';
import { validateMetadata } from '../metadata.ts';
import { dnsSubdomain, pathSegment } from '../names.ts';
import { validateApproval } from './approval.ts';
import { validateConversion } from './conversion.ts';
import { labelOrEmpty, requiredNames, validateNames } from './names.ts';
import { type Strictness, strictnessAfter } from './ratchets.ts';
import { countSchemas, shownMax, someSchema } from './schema-shape.ts';
import { validateCommon, validateDeprecation, validateVersion } from './version.ts';
import { type Part, schemasOf, type WithVersions, withVersions } from './versions-as-one.ts';

/** @param old what it replaces */
export function validateDefinition(definition: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const given = { ...definition, spec: definition.spec ?? {} };
  return [
    ...metadata(given, old),
    ...validateSpec(given, old),
    ...(old ? unchanged(given, old) : []),
    ...validateDefinitionStatus(given),
    ...storedVersions(given),
    ...validateApproval(given, old),
    ...preserving(given.spec, old),
  ];
}

/** All that is asked of a status that is written for itself. */
export function validateDefinitionStatus({ status }: CustomResourceDefinition): FieldError[] {
  return validateNames(status?.acceptedNames ?? {}, 'status.acceptedNames');
}

function metadata(definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  const { names, group } = definition.spec;
  const wanted = `${names?.plural ?? ''}.${group ?? ''}`;
  const name = (given: string) => [...dnsSubdomain(given), ...(given === wanted ? [] : ['must be spec.names.plural+"."+spec.group'])];
  return validateMetadata(definition, { scope: 'Cluster', name: old ? pathSegment : name, plainFinalizers: true });
}

function validateSpec(definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  const parts = withVersions(definition);
  const { spec, common } = parts;
  const strict = strictnessAfter(old);
  const before = old && withVersions(old);
  const hasStatus = [common, ...parts.versions].some(({ subresources }) => subresources?.status !== undefined);
  return [
    ...group(spec.group),
    ...oneOf('spec.scope', spec.scope, ['Cluster', 'Namespaced']),
    ...missingSchemas(parts, strict),
    ...defaultsAreKept(definition),
    ...versions(parts, strict, before),
    ...versionNames(parts),
    ...requiredNames(spec.names ?? {}, 'spec.names'),
    ...validateNames(spec.names ?? {}, 'spec.names'),
    ...validateCommon(common, { strict, hasStatus, old: before?.common }, 'spec'),
    ...convertible(spec),
    ...validateConversion(spec.conversion, strict.conversion, 'spec.conversion'),
  ];
}

function group(name: string | undefined): FieldError[] {
  if (!name) return [required('spec.group')];
  const reasons = dnsSubdomain(name);
  if (reasons.length > 0) return [invalid('spec.group', name, reasons.join(','))];
  return name.includes('.') ? [] : [invalid('spec.group', name, 'should be a domain with at least one dot')];
}

function missingSchemas({ spec, common, versions }: WithVersions, strict: Strictness): FieldError[] {
  if (common.schema?.openAPIV3Schema) return [];
  return versions.flatMap((version, i) => {
    if (version.schema?.openAPIV3Schema || (!strict.schemas && (!spec.versions[i]?.served || spec.preserveUnknownFields))) return [];
    return [required(`spec.versions[${i}].schema.openAPIV3Schema`, strict.schemas ? '' : 'because otherwise all fields are pruned')];
  });
}

function defaultsAreKept(definition: CustomResourceDefinition): FieldError[] {
  if (!definition.spec.preserveUnknownFields) return [];
  const hasDefaults = schemasOf(definition).some((schema) => someSchema(schema, (inner) => inner.default !== undefined));
  const detail = 'must be false in order to use defaults in the schema';
  return hasDefaults ? [invalid('spec.preserveUnknownFields', true, detail)] : [];
}

function versions(parts: WithVersions, strict: Strictness, before: WithVersions | undefined): FieldError[] {
  const { spec, common } = parts;
  const hasOwn = parts.versions.some(({ subresources }) => subresources);
  const old = new Map(before?.versions.map((version): [string, Part] => [version.name ?? '', version]));
  return parts.versions.flatMap((version, i) => {
    const field = `spec.versions[${i}]`;
    const given = spec.versions[i] ?? {};
    const hasStatus = (hasOwn ? version : common).subresources?.status !== undefined;
    return [
      ...labelOrEmpty(version.name ?? '', `${field}.name`),
      ...validateDeprecation(given, field),
      ...validateVersion(version, { strict, hasStatus, old: old.get(version.name ?? '') }, field),
    ];
  });
}

function versionNames({ spec, versions }: WithVersions): FieldError[] {
  const names = versions.map(({ name = '' }) => name);
  const errors: FieldError[] = [];
  if (new Set(names).size < names.length) errors.push(aboutVersions(versions, true, 'must contain unique version names'));
  if ((spec.versions ?? []).filter(({ storage }) => storage).length !== 1)
    errors.push(aboutVersions(versions, spec.versions !== undefined, 'must have exactly one version marked as storage version'));
  return [...errors, ...(names[0] ? labelOrEmpty(names[0], 'spec.version') : [])];
}

/** Shows them all, unless that would be more than anybody reads. @param isGiven whether there is a list, however empty */
function aboutVersions(versions: Part[], isGiven: boolean, detail: string): FieldError {
  const schemas = versions.flatMap(({ schema }) => schema?.openAPIV3Schema ?? []);
  if (versions.length > shownMax || schemas.some((schema) => countSchemas(schema, shownMax) > shownMax))
    return invalidWithoutValue('spec.versions', detail);
  const value = versions.map((version) => shown('apiextensions.v1.CustomResourceDefinitionVersion', version));
  return invalid('spec.versions', isGiven ? value : null, detail);
}

function convertible({ conversion, preserveUnknownFields }: CustomResourceDefinitionSpec): FieldError[] {
  if (!preserveUnknownFields || !conversion || conversion.strategy === 'None') return [];
  return [invalid('spec.conversion.strategy', conversion.strategy ?? '', 'must be None if spec.preserveUnknownFields is true')];
}

/** What decides where objects are stored. */
function unchanged(next: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const isEstablished = old.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
  const before: Partial<CustomResourceDefinitionSpec> = old.spec ?? {};
  const fields: [string, string | undefined, string | undefined, boolean][] = [
    ['spec.scope', next.spec.scope, before.scope, isEstablished],
    ['spec.names.kind', next.spec.names?.kind, before.names?.kind, isEstablished],
    ['spec.group', next.spec.group, before.group, true],
    ['spec.names.plural', next.spec.names?.plural, before.names?.plural, true],
  ];
  return fields.flatMap(([field, value = '', was = '', isFixed]) => (isFixed && value !== was ? [invalid(field, value, immutable)] : []));
}

function storedVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const field = 'status.storedVersions';
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid(field, status?.storedVersions ?? null, 'must have at least one stored version')];
  const missing = new Map(stored.map((name, i) => [name, i]));
  const errors: FieldError[] = [];
  for (const { name = '', storage } of spec.versions ?? []) {
    // Of two versions of one name, only the first has been stored as.
    if (!missing.delete(name) && storage) errors.push(invalid(field, stored, `must have the storage version ${name}`));
  }
  for (const [name, i] of missing) {
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(`${field}[${i}]`, name, detail));
  }
  return errors;
}

function preserving({ preserveUnknownFields }: CustomResourceDefinitionSpec, old: CustomResourceDefinition | undefined): FieldError[] {
  if (!preserveUnknownFields || old?.spec?.preserveUnknownFields) return [];
  const detail = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid('spec.preserveUnknownFields', true, detail)];
}
