// Claims to devices and templates of them: what is asked for cannot change, so that it is looked at once.
import type { ObjectMeta } from '../../generated/meta-v1.types.ts';
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
} from '../../generated/resource-v1.types.ts';
import { isSame } from '../changes.ts';
import { each, type FieldError, forbidden, immutable, invalid, invalidAll, notSupported, required, shown } from '../errors.ts';
import { labels } from '../labels.ts';
import { annotations, validateMetadata, validateMetadataUpdate } from '../metadata.ts';
import { dnsSubdomain, labelValue, qualified } from '../names.ts';
import { listOf, setOf } from './lists.ts';
import { fullyQualifiedName, label } from './names.ts';
import { configurationsMax, deviceConfiguration, type ExpressionCheck, selectors } from './selectors.ts';

export const requestsMax = 32;
const constraintsMax = 32;
const alternativesMax = 8;
const notOfTemplates = [
  ...(['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'] as const),
  ...(['deletionTimestamp', 'deletionGracePeriodSeconds', 'ownerReferences', 'finalizers', 'managedFields'] as const),
];
const allocationModes = ['All', 'ExactCount'];
const operators = ['Equal', 'Exists'];
export const taintEffects = ['NoExecute', 'NoSchedule', 'None'];
const meta = { scope: 'Namespaced', name: dnsSubdomain } as const;
const unknownRequest = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function validateResourceClaim(claim: ResourceClaim, old?: ResourceClaim, check?: ExpressionCheck): FieldError[] {
  return [...validateMetadata(claim, meta), ...(old ? [] : claimSpec(claim.spec, 'spec', check))];
}

export function validateResourceClaimUpdate(next: ResourceClaim, old: ResourceClaim): FieldError[] {
  const errors = validateMetadataUpdate(next, old);
  if (isSame('resource.v1.ResourceClaimSpec', next.spec, old.spec)) return errors;
  return [...errors, invalid('spec', shown('resource.v1.ResourceClaimSpec', next.spec), immutable)];
}

export function validateClaimTemplate(template: ResourceClaimTemplate, check?: ExpressionCheck): FieldError[] {
  const { metadata, spec } = template.spec ?? {};
  return [
    ...validateMetadata(template, meta),
    ...templateMetadata(metadata ?? {}, 'spec.metadata'),
    ...claimSpec(spec ?? {}, 'spec.spec', check),
  ];
}

/** What a claim takes over from its template: labels and annotations alone. */
function templateMetadata(metadata: Partial<ObjectMeta>, field: string): FieldError[] {
  return [
    ...annotations(metadata.annotations, `${field}.annotations`),
    ...labels(metadata.labels, `${field}.labels`),
    ...notOfTemplates.flatMap((key) =>
      isGiven(metadata[key]) ? [forbidden(`${field}.${key === 'uid' ? 'uID' : key}`, 'cannot be set')] : [],
    ),
  ];
}

function isGiven(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== '' && value !== 0;
}

export function validateClaimTemplateUpdate(next: ResourceClaimTemplate, old: ResourceClaimTemplate): FieldError[] {
  const errors = validateMetadataUpdate(next, old);
  if (isSame('resource.v1.ResourceClaimTemplateSpec', next.spec, old.spec)) return errors;
  return [...errors, invalid('spec', shown('resource.v1.ResourceClaimTemplateSpec', next.spec), immutable)];
}

/** The requests of a claim by name, with the names of their alternatives. */
export type RequestNames = Map<string, Set<string>>;

export function requestNamesOf({ devices }: ResourceClaimSpec): RequestNames {
  return new Map(
    (devices?.requests ?? []).map(({ name, firstAvailable = [] }) => [name ?? '', new Set(firstAvailable.map((one) => one.name ?? ''))]),
  );
}

/** A reference to a request, or to an alternative of one. */
export function requestReference(name: string, field: string, known: RequestNames): FieldError[] {
  const segments = name.split('/');
  if (segments.length > 2) return [invalid(field, name, unknownRequest)];
  const [request = '', alternative] = segments;
  const alternatives = known.get(request);
  const isKnown = alternatives !== undefined && (alternative === undefined || alternatives.has(alternative));
  return [...segments.flatMap((segment) => label(segment, field)), ...(isKnown ? [] : [invalid(field, name, unknownRequest)])];
}

function claimSpec(spec: ResourceClaimSpec, field: string, check?: ExpressionCheck): FieldError[] {
  const devices: DeviceClaim = spec?.devices ?? {};
  const known = requestNamesOf(spec ?? {});
  const path = `${field}.devices`;
  return [
    ...setOf(
      devices.requests,
      requestsMax,
      `${path}.requests`,
      (request, at) => deviceRequest(request, at, check),
      ({ name }) => name ?? '',
    ),
    ...listOf(devices.constraints, constraintsMax, `${path}.constraints`, (constraint, at) => deviceConstraint(constraint, at, known)),
    ...listOf(devices.config, configurationsMax, `${path}.config`, (config, at) => [
      ...references(config.requests, `${at}.requests`, known),
      ...deviceConfiguration(config, at),
    ]),
  ];
}

export function references(names: string[] | undefined, field: string, known: RequestNames): FieldError[] {
  return setOf(
    names,
    requestsMax,
    field,
    (name, at) => requestReference(name, at, known),
    (name) => name,
  );
}

function deviceRequest({ name, exactly, firstAvailable }: DeviceRequest, field: string, check?: ExpressionCheck): FieldError[] {
  const errors = label(name, `${field}.name`);
  const rule = 'exactly one of `exactly` or `firstAvailable` is required';
  const hasAlternatives = (firstAvailable?.length ?? 0) > 0;
  if (!exactly && !hasAlternatives) return [...errors, required(field, rule)];
  if (exactly && hasAlternatives) return [...errors, invalid(field, null, `${rule}, but multiple fields are set`)];
  if (exactly) return [...errors, ...wanted(exactly, `${field}.exactly`, check)];
  const alternatives = setOf(
    firstAvailable,
    alternativesMax,
    `${field}.firstAvailable`,
    (one, at) => [...label(one.name, `${at}.name`), ...wanted(one, at, check)],
    (one) => one.name ?? '',
  );
  return [...errors, ...alternatives];
}

function wanted(request: ExactDeviceRequest | DeviceSubRequest, field: string, check?: ExpressionCheck): FieldError[] {
  const { deviceClassName: name, tolerations } = request;
  const at = `${field}.deviceClassName`;
  return [
    ...(name ? invalidAll(at, name, dnsSubdomain(name)) : [required(at)]),
    ...selectors(request.selectors, `${field}.selectors`, check),
    ...allocationMode(request, field),
    ...each(tolerations, `${field}.tolerations`, deviceToleration),
  ];
}

function allocationMode({ allocationMode: mode = '', count = 0 }: ExactDeviceRequest | DeviceSubRequest, field: string): FieldError[] {
  if (mode === 'All') return count === 0 ? [] : [invalid(`${field}.count`, count, `must not be specified when allocationMode is 'All'`)];
  if (mode === 'ExactCount') return count > 0 ? [] : [invalid(`${field}.count`, count, 'must be greater than zero')];
  return [notSupported(`${field}.allocationMode`, mode, allocationModes)];
}

function deviceToleration({ key, operator, value = '', effect }: DeviceToleration, field: string): FieldError[] {
  const errors = key ? invalidAll(`${field}.key`, key, qualified(key)) : [];
  if (!operator) errors.push(required(`${field}.operator`));
  else if (operator === 'Exists') {
    if (value) errors.push(invalid(`${field}.value`, value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') errors.push(...invalidAll(`${field}.value`, value, labelValue(value)));
  else errors.push(notSupported(`${field}.operator`, operator, operators));
  if (effect && !taintEffects.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, taintEffects));
  return errors;
}

/** Of attributes that must differ, nothing is there without their gate. */
function deviceConstraint(constraint: DeviceConstraint, field: string, known: RequestNames): FieldError[] {
  const { matchAttribute, distinctAttribute } = constraint;
  const errors = references(constraint.requests, `${field}.requests`, known);
  if (matchAttribute !== undefined) return [...errors, ...fullyQualifiedName(matchAttribute, `${field}.matchAttribute`)];
  if (distinctAttribute !== undefined) return [...errors, ...fullyQualifiedName(distinctAttribute, `${field}.distinctAttribute`)];
  return [...errors, required(`${field}.matchAttribute`)];
}
