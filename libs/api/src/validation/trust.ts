// Bundles of trusted certificates, named after who signs them, and certificates for one pod.
import type { ClusterTrustBundle, PodCertificateRequest } from '../generated/certificates-v1.types.ts';
import type { Condition } from '../generated/meta-v1.types.ts';
import { signerName } from './certificates.ts';
import { isEqual } from './changes.ts';
import { each, type FieldError, immutable, invalid, invalidAll, notSupported, required, tooLong } from './errors.ts';
import { annotations } from './metadata.ts';
import { dnsSubdomain, type NameCheck } from './names.ts';
import { isDer, pemBlocks } from './pem.ts';

const bundleBytesMax = 1024 * 1024;
const uidBytesMax = 128;
const secondsMin = 3600;
const secondsMax = 91 * 86_400;
const clusterSignerSecondsMax = 86_400;
const outcomes = ['Issued', 'Denied', 'Failed'];

/** `example.com:signer:anything` for a signer's bundle; no colon without one. */
export function trustBundleName(signer: string | undefined): NameCheck {
  return (name) => {
    if (!signer) {
      return name.includes(':') ? ['ClusterTrustBundle without signer name must not have ":" in its name'] : dnsSubdomain(name);
    }
    const prefix = `${signer.replaceAll('/', ':')}:`;
    if (name.startsWith(prefix)) return dnsSubdomain(name.slice(prefix.length));
    return [`ClusterTrustBundle for signerName ${signer} must be named with prefix ${prefix}`];
  };
}

export function validateTrustBundleSpec({ spec }: ClusterTrustBundle): FieldError[] {
  const errors = spec?.signerName ? signerName(spec.signerName, 'spec.signerName') : [];
  return [...errors, ...bundle(spec?.trustBundle ?? '', 'spec.trustBundle')];
}

function bundle(text: string, field: string): FieldError[] {
  if (text.length > bundleBytesMax) return [tooLong(field, bundleBytesMax)];
  const wrong = (detail: string) => invalid(field, '<value omitted>', detail);
  const blocks = pemBlocks(text);
  const errors = blocks.flatMap(({ label, hasHeaders, isDer: isReadable }, index) => {
    if (label !== 'CERTIFICATE') return [wrong(`entry ${index} has bad block type: ${label}`)];
    if (hasHeaders) return [wrong(`entry ${index} has PEM block headers`)];
    return isReadable ? [] : [wrong(`entry ${index} does not parse as X.509`)];
  });
  if (errors.length > 0) return errors;
  if (blocks.length === 0) return [wrong('at least one trust anchor must be provided')];
  const contents = blocks.map(({ content }) => content);
  return [...new Set(contents)].flatMap((content) => {
    const indices = contents.flatMap((other, index) => (other === content ? [index] : []));
    return indices.length > 1 ? [wrong(`duplicate trust anchor (indices [${indices.join(' ')}])`)] : [];
  });
}

export function validateTrustBundleUpdate(next: ClusterTrustBundle, old: ClusterTrustBundle): FieldError[] {
  const after = next.spec?.signerName ?? '';
  return after === (old.spec?.signerName ?? '') ? [] : [invalid('spec.signerName', after, immutable)];
}

export function validatePodCertificateFields({ spec }: PodCertificateRequest): FieldError[] {
  const errors = signerName(spec?.signerName, 'spec.signerName');
  errors.push(...annotations(spec?.unverifiedUserAnnotations, 'spec.unverifiedUserAnnotations'));
  for (const [name, uid] of [
    ['podName', 'podUID'],
    ['serviceAccountName', 'serviceAccountUID'],
    ['nodeName', 'nodeUID'],
  ] as const) {
    const [called, id] = [spec?.[name] ?? '', spec?.[uid] ?? ''];
    errors.push(...invalidAll(`spec.${name}`, called, dnsSubdomain(called)));
    if (!id) errors.push(invalid(`spec.${uid}`, id, 'must not be empty'));
    else if (id.length > uidBytesMax) errors.push(tooLong(`spec.${uid}`, uidBytesMax));
  }
  const seconds = spec?.maxExpirationSeconds;
  if (seconds === undefined) return [...errors, required('spec.maxExpirationSeconds', 'must be set')];
  const max = /^([^/]+\.)?kubernetes\.io\//.test(spec.signerName ?? '') ? clusterSignerSecondsMax : secondsMax;
  if (seconds < secondsMin || seconds > max)
    errors.push(invalid('spec.maxExpirationSeconds', seconds, `must be in the range [${secondsMin}, ${max}]`));
  if (!isDer(spec?.stubPKCS10Request ?? ''))
    errors.push(invalid('spec.stubPKCS10Request', '<value omitted>', 'must be a DER-serialized PKCS#10 certificate request'));
  return errors;
}

export function validatePodCertificateUpdate(next: PodCertificateRequest, old: PodCertificateRequest): FieldError[] {
  return isEqual(next.spec, old.spec) ? [] : [invalid('spec', next.spec, immutable)];
}

/** An outcome comes once and stays. */
export function validatePodCertificateStatus(next: PodCertificateRequest, old: PodCertificateRequest): FieldError[] {
  const list = next.status?.conditions ?? [];
  let known = 0;
  const errors = each(list, 'status.conditions', ({ type, status }: Partial<Condition>, field) => {
    if (!outcomes.includes(type ?? '')) return [notSupported(`${field}.type`, type ?? '', outcomes)];
    known++;
    const found = status === 'True' ? [] : [notSupported(`${field}.status`, status ?? '', ['True'])];
    if (known > 1)
      found.push(invalid(`${field}.type`, type, 'There may be at most one condition with type "Issued", "Denied", or "Failed"'));
    return found;
  });
  if (errors.length > 0) return errors;
  if (hasOutcome(old, outcomes)) {
    const rule = 'immutable after PodCertificateRequest is issued, denied, or failed';
    return isEqual(next.status, old.status) ? [] : [invalid('status', next.status, rule)];
  }
  if (hasOutcome(next, ['Denied', 'Failed']) && !isEqual(next.status, { conditions: list })) {
    const rule = 'non-condition status fields must be empty when denying or failing the PodCertificateRequest';
    return [invalid('status', next.status, rule)];
  }
  return hasOutcome(next, ['Issued']) ? issued(next) : [];
}

function hasOutcome({ status }: PodCertificateRequest, types: string[]): boolean {
  return (status?.conditions ?? []).some(({ type }) => types.includes(type));
}

function issued({ status }: PodCertificateRequest): FieldError[] {
  const blocks = pemBlocks(status?.certificateChain ?? '');
  const wrong = (detail: string) => [invalid('status.certificateChain', status?.certificateChain ?? '', detail)];
  if (blocks.length === 0) return wrong('issued certificate chain must contain at least one certificate');
  if (blocks.some(({ label, isDer: isReadable }) => label !== 'CERTIFICATE' || !isReadable)) {
    return wrong('issued certificate chain must consist entirely of CERTIFICATE PEM blocks');
  }
  return (['notBefore', 'notAfter', 'beginRefreshAt'] as const)
    .filter((key) => !status?.[key])
    .map((key) => required(`status.${key}`, 'must be present and consistent with the issued certificate'));
}
