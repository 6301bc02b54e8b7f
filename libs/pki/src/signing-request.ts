// Requests for certificates as clients make them; tests also make some that clients must not make.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { type JsonGeneralNames, PemConverter, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';

export interface SigningRequestParts {
  signerName: string;
  usages: string[];
  subject: string;
  dns?: string[];
  ips?: string[];
  emails?: string[];
  uris?: string[];
  expirationSeconds?: number;
  algorithm?: { name: string; namedCurve?: string; modulusLength?: number };
}

/** A CertificateSigningRequest and its private key, PEM. */
export async function signingRequest(name: string, parts: SigningRequestParts) {
  const { algorithm = { name: 'ECDSA', namedCurve: 'P-256' } } = parts;
  const isRsa = algorithm.name.startsWith('RSA');
  const full = isRsa ? { ...algorithm, hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) } : algorithm;
  const keys = (await webcrypto.subtle.generateKey(full, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const names: JsonGeneralNames = [
    ...(parts.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(parts.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
    ...(parts.emails ?? []).map((value) => ({ type: 'email' as const, value })),
    ...(parts.uris ?? []).map((value) => ({ type: 'url' as const, value })),
  ];
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: parts.subject,
    keys,
    signingAlgorithm: { name: algorithm.name, hash: 'SHA-256' },
    ...(names.length > 0 && { extensions: [new SubjectAlternativeNameExtension(names)] }),
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { object: signingObject(name, parts, request.toString('pem')), key, der: new Uint8Array(request.rawData) };
}

export function signingObject(name: string, { signerName, usages, expirationSeconds }: SigningRequestParts, pem: string) {
  const request = Buffer.from(pem).toString('base64');
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request, signerName, usages, ...(expirationSeconds !== undefined && { expirationSeconds }) },
  };
}
