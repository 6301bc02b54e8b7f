// The node's key and certificate, and the cluster CA that issued it, in the data directory. Key and certificate share one
// file, readable by root only and replaced as a whole, so that a crash never leaves one without the other.
import 'reflect-metadata';
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PemConverter, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

export interface NodeIdentity {
  /** All PEM. */
  key: string;
  certificate: string;
  ca: string;
  notBeforeMs: number;
  notAfterMs: number;
}

/** A key that waits for its certificate. */
export interface CertificateRequest {
  key: string;
  /** PKCS#10, DER. */
  request: Uint8Array;
}

type CreateParameters = Parameters<typeof Pkcs10CertificateRequestGenerator.create>[0];
type GeneratorCrypto = Parameters<typeof Pkcs10CertificateRequestGenerator.create>[1];

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

export async function requestCertificate(nodeName: string): Promise<CertificateRequest> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: [{ O: ['system:nodes'] }, { CN: [`system:node:${nodeName}`] }],
      keys: keys as unknown as CreateParameters['keys'],
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    },
    webcrypto as unknown as GeneratorCrypto,
  );
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { key: `${key}\n`, request: new Uint8Array(request.rawData) };
}

export function identityOf(key: string, certificate: Uint8Array, ca: Uint8Array): NodeIdentity {
  const parsed = new X509Certificate(certificate);
  const authority = new X509Certificate(ca);
  return {
    key,
    certificate: parsed.toString(),
    ca: authority.toString(),
    notBeforeMs: Date.parse(parsed.validFrom),
    notAfterMs: Date.parse(parsed.validTo),
  };
}

/** Where `IdentityFile` keeps it. */
export function identityPaths(dataDirectory: string): { pair: string; ca: string } {
  const directory = join(dataDirectory, 'identity');
  return { pair: join(directory, 'node.pem'), ca: join(directory, 'ca.crt') };
}

/** Lower-case hexadecimal SHA-256 of a certificate's DER. */
export function fingerprintOf(certificate: Uint8Array): string {
  return createHash('sha256').update(certificate).digest('hex');
}

export class IdentityFile {
  readonly #directory: string;

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'identity');
  }

  /** Undefined before the node has joined. */
  async load(): Promise<NodeIdentity | undefined> {
    const [pair, ca] = await Promise.all([this.#read('node.pem'), this.#read('ca.crt')]);
    if (pair === undefined || ca === undefined) return undefined;
    const split = pair.indexOf('-----BEGIN CERTIFICATE-----');
    return identityOf(pair.slice(0, split), new X509Certificate(pair.slice(split)).raw, new X509Certificate(ca).raw);
  }

  async save(identity: NodeIdentity): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await chmod(this.#directory, 0o700);
    await this.#write('ca.crt', identity.ca);
    await this.#write('node.pem', `${identity.key}${identity.certificate}`);
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#directory, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #write(name: string, content: string): Promise<void> {
    const path = join(this.#directory, name);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }
}
