// What each of Kubernetes' signers signs, and one of Berth's own for servers behind services of the cluster: whose name, which usages, which other
// names. Pure.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
import 'reflect-metadata';
import { type CertificateSigningRequest, serviceServingSigner } from '@berth/api';
import { otherNames } from '@berth/pki';
import { Pkcs10CertificateRequest } from '@peculiar/x509';

export const clientSigner = 'kubernetes.io/kube-apiserver-client';
export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving';
export const knownSigners = [clientSigner, kubeletClientSigner, kubeletServingSigner, serviceServingSigner];

export interface Asked {
  request: Pkcs10CertificateRequest;
  commonNames: string[];
  organizations: string[];
  dns: string[];
  ips: string[];
  emails: string[];
  uris: string[];
}

/** @throws Error when it is no PKCS#10 request */
export function readRequest({ spec }: CertificateSigningRequest): Asked {
  const request = new Pkcs10CertificateRequest(Buffer.from(spec.request, 'base64').toString('latin1'));
  const names = otherNames(request)?.names.items ?? [];
  const of = (type: string) => names.filter((name) => name.type === type).map((name) => name.value);
  return {
    request,
    commonNames: request.subjectName.getField('CN'),
    organizations: request.subjectName.getField('O'),
    dns: of('dns'),
    ips: of('ip'),
    emails: of('email'),
    uris: of('url'),
  };
}

/** Why the signer does not sign this; undefined when it does. */
export function refusal(signerName: string, usages: readonly string[], asked: Asked): string | undefined {
  return rules[signerName]?.(usages, asked) ?? (knownSigners.includes(signerName) ? undefined : 'unknown signer');
}

type Rule = (usages: readonly string[], asked: Asked) => string | undefined;

const rules: Record<string, Rule> = {
  [clientSigner]: (usages, { commonNames, organizations }) => {
    const allowed = ['client auth', 'digital signature', 'key encipherment'];
    if (!usages.includes('client auth') || !usages.every((usage) => allowed.includes(usage))) return usagesRefusal(usages);
    if (organizations.includes('system:masters')) return 'the group system:masters is not signed for';
    return commonNames.length === 1 && commonNames[0] !== '' ? undefined : 'subject common name is required, once';
  },
  [kubeletClientSigner]: (usages, asked) => {
    const problem = nodeRefusal(asked);
    if (problem) return problem;
    if (asked.dns.length > 0) return 'DNS subjectAltNames are not allowed';
    if (asked.ips.length > 0) return 'IP subjectAltNames are not allowed';
    return exactly(usages, 'client auth');
  },
  [kubeletServingSigner]: (usages, asked) => {
    const problem = nodeRefusal(asked);
    if (problem) return problem;
    if (asked.dns.length + asked.ips.length === 0) return 'DNS or IP subjectAltName is required';
    return exactly(usages, 'server auth');
  },
  [serviceServingSigner]: (usages, { organizations, commonNames, dns, emails, uris }) => {
    if (organizations.length > 0) return 'subject organizations are not allowed';
    const services = new Set(dns.map((name) => /^([a-z0-9-]+\.[a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/.exec(name)?.[1] ?? ''));
    if (services.size !== 1 || services.has('')) return 'DNS subjectAltNames must be those of one service: NAME.NAMESPACE.svc';
    if (services.has('kubernetes.default')) return 'the service of the API has certificates of its own';
    if (!commonNames.every((name) => dns.includes(name))) return 'subject common name is none of the DNS subjectAltNames';
    if (emails.length > 0) return 'Email subjectAltNames are not allowed';
    return uris.length > 0 ? 'URI subjectAltNames are not allowed' : exactly(usages, 'server auth');
  },
};

function nodeRefusal({ organizations, commonNames, emails, uris }: Asked): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes') return 'subject organization is not system:nodes';
  if (commonNames.length !== 1 || !/^system:node:./.test(commonNames[0] ?? ''))
    return 'subject common name does not begin with system:node:';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  return uris.length > 0 ? 'URI subjectAltNames are not allowed' : undefined;
}

/** RSA keys may encipher keys as well. */
function exactly(usages: readonly string[], purpose: string): string | undefined {
  const wanted = ['digital signature', purpose];
  const rest = usages.filter((usage) => usage !== 'key encipherment');
  return rest.length === wanted.length && wanted.every((usage) => rest.includes(usage)) ? undefined : usagesRefusal(usages);
}

function usagesRefusal(usages: readonly string[]): string {
  return `usages did not match ${JSON.stringify(usages)}`;
}
