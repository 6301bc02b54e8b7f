// The cluster's own certificate authority: every certificate in a cluster comes from it. Its key never leaves the data
// directory. Subjects are decided here; only signRequest takes one from a request, after its caller has judged it.
import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
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
const caLifetimeMs = 3650 * dayMs;
/** Certificates are valid a little before they are made, for peers whose clock is behind. */
const backdateMs = 5 * 60 * 1000;

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
  usage: ExtendedKeyUsage;
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

  /** Loads the authority from `directory`, or makes it there at the first start. */
  static async open(directory: string, clock: Clock): Promise<CertificateAuthority> {
    const keyPath = join(directory, 'ca.key');
    const certificatePath = join(directory, 'ca.crt');
    const [keyPem, certificatePem] = await Promise.all([readIfPresent(keyPath), readIfPresent(certificatePath)]);
    if (certificatePem && !keyPem) {
      throw new Error(`${certificatePath} is there but ${keyPath} is not: restore the key, or remove both to start a new cluster`);
    }
    if (keyPem && certificatePem) return new CertificateAuthority(new X509Certificate(certificatePem), await importKey(keyPem), clock);
    const { pair, certificate } = await createAuthority(clock);
    // The certificate is written last: it is the sign that the pair is complete.
    await writePrivateFile(keyPath, await exportKey(pair.privateKey));
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
    return this.#issuePair({ subject: [{ CN: [commonName] }], lifetimeMs: servingLifetimeMs, usage: ExtendedKeyUsage.serverAuth, names });
  }

  /** For a user of the API: its name is the common name, its groups the organizations. */
  async issueClient(user: string, groups: string[], lifetimeMs: number = servingLifetimeMs): Promise<KeyPairPem> {
    return this.#issuePair({ subject: subjectOf(user, groups), lifetimeMs, usage: ExtendedKeyUsage.clientAuth });
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
      usage: ExtendedKeyUsage.clientAuth,
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
      new ExtendedKeyUsageExtension([issue.usage]),
    ];
    if (issue.names) extensions.push(new SubjectAlternativeNameExtension(issue.names.map(generalName)));
    return X509CertificateGenerator.create({
      subject: issue.subject,
      issuer: this.certificate.subject,
      notBefore: new Date(now - backdateMs),
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

async function createAuthority(clock: Clock) {
  const pair = await generatePair();
  const now = clock.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ['berth-ca'] }],
    keys: pair,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + caLifetimeMs),
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(pair.publicKey as PublicKeyType),
    ],
  });
  return { pair, certificate };
}

function generatePair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), keyAlgorithm, false, ['sign']);
}
