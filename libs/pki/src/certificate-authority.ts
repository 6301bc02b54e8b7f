// The cluster's own certificate authority: every certificate in a cluster comes from it. Its key never leaves the data
// directory. Subjects are decided here; only signRequest takes one from a request, after its caller has judged it.
import 'reflect-metadata';
import { createHash, createPublicKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '@berth/telemetry';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  type PublicKeyType,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { readIfPresent, writePrivateFile } from './private-files.ts';

cryptoProvider.set(webcrypto);

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;
export const caLifetimeMs = 3650 * dayMs;
/** Certificates are valid a little before they are made, for peers whose clock is behind. */
const backdateMs = 5 * 60 * 1000;
/** The authority itself long before: made while the clock was ahead, it must not lock everybody out once that is put right. */
const caBackdateMs = 365 * dayMs;

export const servingLifetimeMs = 365 * dayMs;
export const nodeLifetimeMs = 30 * dayMs;

/** A certificate with its key, PEM. `certificate` ends with the CA's, so that peers can be shown the whole chain. */
export interface KeyPairPem {
  certificate: string;
  key: string;
  notAfterMs: number;
}

/** A request for a certificate that cannot be granted; the message may be shown to who asked. */
export class CertificateRequestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CertificateRequestError';
  }
}

interface Issue {
  subject: JsonName;
  publicKey: PublicKeyType;
  lifetimeMs: number;
  /** Default: that of the authority. */
  notBeforeMs?: number;
  usages: ExtendedKeyUsage[];
  names?: string[];
}

export class CertificateAuthority {
  readonly certificate: X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #clock: Clock;

  constructor(certificate: X509Certificate, key: webcrypto.CryptoKey, clock: Clock) {
    this.certificate = certificate;
    this.#key = key;
    this.#clock = clock;
  }

  /**
   * Loads the authority from `directory` (ca.key, ca.crt), or makes it there at the first start. A certificate that is lost or empty is
   * made anew from the key, which keeps what it has signed valid; a key is never replaced.
   * @param name the authority's common name @throws Error naming the file and what to do
   */
  static async open(directory: string, clock: Clock, name = 'berth-ca'): Promise<CertificateAuthority> {
    const keyPath = join(directory, 'ca.key');
    const certificatePath = join(directory, 'ca.crt');
    const [keyPem, certificatePem] = await Promise.all([readIfPresent(keyPath), readIfPresent(certificatePath)]);
    if (keyPem === undefined && certificatePem !== undefined) {
      throw new Error(`${certificatePath} is there but ${keyPath} is not: restore the key, or remove both to start a new cluster`);
    }
    const pair = keyPem === undefined ? await generatePair() : await importPair(keyPem, keyPath);
    // The certificate is written last: it is the sign that the pair is complete.
    if (keyPem === undefined) await writePrivateFile(keyPath, await exportKey(pair.privateKey));
    if (certificatePem?.trim())
      return new CertificateAuthority(await readCertificate(certificatePem, certificatePath, pair), pair.privateKey, clock);
    const certificate = await createCertificate(pair, name, clock);
    await writePrivateFile(certificatePath, `${certificate.toString('pem')}\n`);
    return new CertificateAuthority(certificate, pair.privateKey, clock);
  }

  get pem(): string {
    return `${this.certificate.toString('pem')}\n`;
  }

  get der(): Uint8Array {
    return new Uint8Array(this.certificate.rawData);
  }

  /** SHA-256 of the certificate's DER, in hexadecimal: what a join token pins. */
  get fingerprint(): string {
    return createHash('sha256').update(this.der).digest('hex');
  }

  /** For a server that is reached under these names and addresses. */
  async issueServing(commonName: string, names: string[]): Promise<KeyPairPem> {
    const subject = [{ CN: [commonName] }];
    return this.#issuePair({ subject, lifetimeMs: servingLifetimeMs, usages: [ExtendedKeyUsage.serverAuth], names });
  }

  /** For a member of a group of equals that dial each other, such as etcd's; valid as long as the authority. */
  async issuePeer(commonName: string, names: string[]): Promise<KeyPairPem> {
    const usages = [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth];
    return this.#issuePair({ subject: [{ CN: [commonName] }], lifetimeMs: caLifetimeMs, usages, names });
  }

  /** For a user of the API: its name is the common name, its groups the organizations. */
  async issueClient(user: string, groups: string[], lifetimeMs: number = servingLifetimeMs): Promise<KeyPairPem> {
    return this.#issuePair({ subject: subjectOf(user, groups), lifetimeMs, usages: [ExtendedKeyUsage.clientAuth] });
  }

  /**
   * Signs a node's PKCS#10 request (DER) as `system:node:<nodeName>`; of the request only the key counts.
   * @returns the certificate, DER.
   * @throws CertificateRequestError when it is not a valid request for a P-256 key.
   */
  async signNodeRequest(request: Uint8Array, nodeName: string): Promise<Uint8Array> {
    if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(nodeName)) {
      throw new CertificateRequestError(`${JSON.stringify(nodeName)} is not a node name: use lower-case letters, digits, "-" and "."`);
    }
    const publicKey = await requestedKey(request);
    const certificate = await this.#issue({
      subject: subjectOf(`system:node:${nodeName}`, ['system:nodes']),
      publicKey,
      lifetimeMs: nodeLifetimeMs,
      // Agents renew it once two thirds of its time have passed.
      notBeforeMs: this.#clock.now() - backdateMs,
      usages: [ExtendedKeyUsage.clientAuth],
    });
    return new Uint8Array(certificate.rawData);
  }

  /**
   * Signs what was asked for: subject, other names and key of the request, for these usages (Kubernetes' words). Whoever calls
   * has checked all of it, and the signature.
   * @returns the certificate, PEM
   */
  async signRequest(request: Pkcs10CertificateRequest, usages: readonly string[], lifetimeMs: number): Promise<string> {
    const now = this.#clock.now();
    const names = otherNames(request);
    const certificate = await X509CertificateGenerator.create({
      subject: request.subject,
      issuer: this.certificate.subject,
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(Math.min(now + lifetimeMs, this.certificate.notAfter.getTime())),
      publicKey: request.publicKey,
      signingKey: this.#key,
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(keyUsageFlags(usages), true),
        new ExtendedKeyUsageExtension(extendedUsages(usages)),
        ...(names ? [names] : []),
      ],
    });
    return `${certificate.toString('pem')}\n`;
  }

  async #issuePair(issue: Omit<Issue, 'publicKey'>): Promise<KeyPairPem> {
    const pair = await generatePair();
    const certificate = await this.#issue({ ...issue, publicKey: pair.publicKey as PublicKeyType });
    return {
      certificate: `${certificate.toString('pem')}\n${this.pem}`,
      key: await exportKey(pair.privateKey),
      notAfterMs: certificate.notAfter.getTime(),
    };
  }

  async #issue(issue: Issue): Promise<X509Certificate> {
    const now = this.#clock.now();
    const extensions: Extension[] = [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(issue.usages),
    ];
    if (issue.names) extensions.push(new SubjectAlternativeNameExtension(issue.names.map(generalName)));
    return X509CertificateGenerator.create({
      subject: issue.subject,
      issuer: this.certificate.subject,
      // For the same reason as early as the authority's own, as kubeadm does.
      notBefore: new Date(issue.notBeforeMs ?? Math.min(now - backdateMs, this.certificate.notBefore.getTime())),
      notAfter: new Date(Math.min(now + issue.lifetimeMs, this.certificate.notAfter.getTime())),
      publicKey: issue.publicKey,
      signingKey: this.#key,
      signingAlgorithm,
      extensions,
    });
  }
}

/** The subjectAltName that a request asks for. */
export function otherNames(request: Pkcs10CertificateRequest): SubjectAlternativeNameExtension | undefined {
  return request.extensions.find((extension) => extension instanceof SubjectAlternativeNameExtension);
}

function keyUsageFlags(usages: readonly string[]): KeyUsageFlags {
  const enciphers = usages.includes('key encipherment') ? KeyUsageFlags.keyEncipherment : 0;
  return KeyUsageFlags.digitalSignature | enciphers;
}

function extendedUsages(usages: readonly string[]): ExtendedKeyUsage[] {
  const known: [string, ExtendedKeyUsage][] = [
    ['client auth', ExtendedKeyUsage.clientAuth],
    ['server auth', ExtendedKeyUsage.serverAuth],
  ];
  return known.filter(([usage]) => usages.includes(usage)).map(([, extended]) => extended);
}

function subjectOf(commonName: string, organizations: string[]): JsonName {
  return [...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }];
}

function generalName(name: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(name) ? 'ip' : 'dns', value: name };
}

async function requestedKey(der: Uint8Array): Promise<PublicKeyType> {
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(der));
    const algorithm = request.publicKey.algorithm as { name: string; namedCurve?: string };
    if (algorithm.name !== 'ECDSA' || algorithm.namedCurve !== 'P-256') throw new CertificateRequestError('the key must be ECDSA on P-256');
    if (!(await request.verify())) throw new CertificateRequestError('the signature does not fit the key');
    return request.publicKey;
  } catch (error) {
    if (error instanceof CertificateRequestError) throw error;
    throw new CertificateRequestError(`not a PKCS#10 certificate request: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function createCertificate(pair: webcrypto.CryptoKeyPair, name: string, clock: Clock): Promise<X509Certificate> {
  const now = clock.now();
  return X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys: pair,
    notBefore: new Date(now - caBackdateMs),
    notAfter: new Date(now + caLifetimeMs),
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(pair.publicKey as PublicKeyType),
    ],
  });
}

function generatePair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

/** @throws Error naming the file when it holds no such key */
async function importPair(pem: string, path: string): Promise<webcrypto.CryptoKeyPair> {
  try {
    const publicKey = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return {
      privateKey: await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), keyAlgorithm, true, ['sign']),
      publicKey: await webcrypto.subtle.importKey('spki', new Uint8Array(publicKey), keyAlgorithm, true, ['verify']),
    };
  } catch (error) {
    throw new Error(`${path} holds no private key (PKCS#8 PEM, ECDSA on P-256): restore it; no new one is made over it`, { cause: error });
  }
}

/** @throws Error naming the file when it holds no certificate, or another key's */
async function readCertificate(pem: string, path: string, pair: webcrypto.CryptoKeyPair): Promise<X509Certificate> {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new Error(`${path} holds no certificate (PEM): restore it, or remove it to have it made anew from ca.key`, { cause: error });
  }
  const own = await webcrypto.subtle.exportKey('spki', pair.publicKey);
  if (Buffer.from(certificate.publicKey.rawData).equals(Buffer.from(own))) return certificate;
  throw new Error(`${path} does not belong to the key beside it, ca.key: restore the pair from one backup`);
}
