// Requests for certificates and bundles of trust: who may sign, for what and how long, and an outcome that stays.

import { asGoStruct, unifiedDiff } from '@berth/machinery';
import { decodeBase64 } from '../encoding/base64.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../generated/certificates-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual } from './changes.ts';
import { duplicate, each, type FieldError, forbidden, invalid, notSupported, oneOf, required, tooLong } from './errors.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { pemBlocks } from './pem.ts';

const conditionMessage = schemas.message('certificates.v1.CertificateSigningRequestCondition');

export const keyUsages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const secondsMin = 600;
const legacySigner = 'kubernetes.io/legacy-unknown';
const domainBytesMax = 253;
const signerNameBytesMax = 253 + 1 + 253 + 1 + 63;
const outcomes = ['Approved', 'Denied', 'Failed'];

/** `example.com/signer`, or `example.com/namespace.name`. */
export function signerName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const [domain = '', path = '', ...rest] = name.split('/');
  if (rest.length > 0 || !name.includes('/')) {
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const errors: FieldError[] = [];
  if (domain.length > domainBytesMax) errors.push(tooLong(field, domainBytesMax));
  errors.push(...firstOdd(domain, dnsLabel).map((reason) => invalid(field, domain, reason)));
  if (domain.split('.').length < 2) errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'));
  errors.push(...firstOdd(path, dnsSubdomain).map((reason) => invalid(field, path, reason)));
  if (name.length > signerNameBytesMax) errors.push(tooLong(field, signerNameBytesMax));
  return errors;
}

/** What is wrong with the first of a name's labels that is none. */
function firstOdd(name: string, check: (label: string) => string[]): string[] {
  const label = name.split('.').find((one) => check(one).length > 0);
  return label === undefined ? [] : check(label).map((reason) => `validating label ${JSON.stringify(label)}: ${reason}`);
}

export function validateSigningRequestFields({ spec, status }: CertificateSigningRequest): FieldError[] {
  const { request, usages = [], expirationSeconds: seconds } = spec ?? {};
  const [block] = pemBlocks(decodeBase64(request ?? '') ?? '');
  const errors: FieldError[] = [];
  if (block?.label !== 'CERTIFICATE REQUEST')
    errors.push(invalid('spec.request', request ?? null, 'PEM block type must be CERTIFICATE REQUEST'));
  else if (!block.isDer) errors.push(invalid('spec.request', request, 'PEM block does not hold a certificate request'));
  if (usages.length === 0) errors.push(required('spec.usages'));
  const seen = new Set<string>();
  for (const [index, usage] of usages.entries()) {
    const field = `spec.usages[${index}]`;
    if (!keyUsages.includes(usage)) errors.push(notSupported(field, usage, keyUsages));
    if (seen.has(usage)) errors.push(duplicate(field, usage));
    seen.add(usage);
  }
  if (spec?.signerName === legacySigner)
    errors.push(invalid('spec.signerName', spec.signerName, 'the legacy signerName is not allowed via this API version'));
  else errors.push(...signerName(spec?.signerName, 'spec.signerName'));
  if (seconds !== undefined && seconds < secondsMin) {
    const rule = `may not specify a duration less than ${secondsMin} seconds (10 minutes)`;
    errors.push(invalid('spec.expirationSeconds', seconds, rule));
  }
  return [...errors, ...conditions(status?.conditions ?? []), ...certificate(status?.certificate)];
}

function conditions(list: CertificateSigningRequestCondition[]): FieldError[] {
  const root = 'status.conditions';
  const seen = new Set<string>();
  const errors = each(list, root, ({ type = '', status }, field) => {
    const found = type ? [] : [required(`${field}.type`)];
    found.push(...oneOf(`${field}.status`, status, outcomes.includes(type) ? ['True'] : ['False', 'True', 'Unknown']));
    if (seen.has(type)) found.push(duplicate(`${field}.type`, type));
    seen.add(type);
    return found;
  });
  if (seen.has('Approved') && seen.has('Denied')) {
    const last = list.findLast(({ type }) => type === 'Approved' || type === 'Denied');
    errors.push(invalid(root, last?.type, 'Approved and Denied conditions are mutually exclusive'));
  }
  return errors;
}

function certificate(encoded: string | undefined): FieldError[] {
  if (!encoded) return [];
  const blocks = pemBlocks(decodeBase64(encoded) ?? '');
  const wrong = (detail: string) => [invalid('status.certificate', '<certificate data>', detail)];
  if (blocks.length === 0) return wrong('must contain at least one CERTIFICATE PEM block');
  for (const { label, hasHeaders, isDer: isReadable } of blocks) {
    if (label !== 'CERTIFICATE') return wrong(`only CERTIFICATE PEM blocks are allowed, found "${label}"`);
    if (hasHeaders) return wrong('no PEM block headers are permitted');
    if (!isReadable) return wrong('malformed certificate');
  }
  return [];
}

type Requests = [next: CertificateSigningRequest, old: CertificateSigningRequest];

/** The status subresource: signers deliver a certificate, once. */
export function validateSigningStatusUpdate(...[next, old]: Requests): FieldError[] {
  const errors = [...validateSigningRequestFields(next), ...keptConditions(next, old), ...keptDecision(next, old)];
  const before = old.status?.certificate;
  if (before && next.status?.certificate !== before) {
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'));
  }
  return errors;
}

/** The approval subresource: only it decides. What it cannot change, such as the certificate, is as it was by now. */
export function validateSigningApproval(...[next, old]: Requests): FieldError[] {
  return keptConditions(next, old);
}

function ofType(request: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] {
  return (request.status?.conditions ?? []).filter((condition) => condition.type === type);
}

function keptConditions(...[next, old]: Requests): FieldError[] {
  return outcomes
    .filter((type) => ofType(next, type).length < ofType(old, type).length)
    .map((type) => forbidden('status.conditions', `updates may not remove a condition of type "${type}"`));
}

function conditionsDiff(...sides: [before: CertificateSigningRequestCondition[], after: CertificateSigningRequestCondition[]]): string {
  const [before, after] = sides.map((list) =>
    JSON.stringify(
      list.map((one) => asGoStruct(conditionMessage, one)),
      null,
      1,
    ).split('\n'),
  );
  return unifiedDiff(before ?? [], after ?? []);
}

function keptDecision(...[next, old]: Requests): FieldError[] {
  return ['Approved', 'Denied'].flatMap((type) => {
    const [after, before] = [ofType(next, type), ofType(old, type)];
    if (after.length > before.length) return [forbidden('status.conditions', `updates may not add a condition of type "${type}"`)];
    if (after.length < before.length || isEqual(after, before)) return [];
    return [forbidden('status.conditions', `updates may not modify a condition of type "${type}"\n${conditionsDiff(before, after)}`)];
  });
}
