// Whether a request for a certificate is signed with the key that it names, by what Go's x509 holds for signed: its curves, its
// hashes, and RSA from 1024 bits. Kubernetes takes no other request, and signs none.
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';

const rsaBitsMin = 1024;
/** P-224, P-256, P-384 and P-521, as OpenSSL names them. */
const curves = ['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1'];
const hashes = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];

/** As the library reads it from the request. */
interface SignatureAlgorithm {
  name: string;
  hash?: { name: string };
}

/** Undefined when the signature is good. */
export function signatureProblem(request: Pkcs10CertificateRequest): string | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    return keyProblem(key) ?? (isSigned(request, key) ? undefined : 'the signature of the request does not fit its key');
  } catch (error) {
    return `the signature of the request cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function keyProblem({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): string | undefined {
  if (type === 'rsa') return (details.modulusLength ?? 0) >= rsaBitsMin ? undefined : `${details.modulusLength}-bit RSA keys are insecure`;
  if (type === 'ec') return curves.includes(details.namedCurve ?? '') ? undefined : `the curve ${details.namedCurve} is not supported`;
  return type === 'ed25519' ? undefined : `keys of type ${type} are not supported`;
}

function isSigned(request: Pkcs10CertificateRequest, key: KeyObject): boolean {
  const { name, hash } = request.signatureAlgorithm as SignatureAlgorithm;
  const [signed, signature] = [signedPart(Buffer.from(request.rawData)), Buffer.from(request.signature)];
  if (name === 'Ed25519') return key.asymmetricKeyType === 'ed25519' && verify(null, signed, key, signature);
  if (!hash || !hashes.includes(hash.name)) return false;
  const digest = hash.name.replace('-', '').toLowerCase();
  switch (name) {
    case 'ECDSA':
      return key.asymmetricKeyType === 'ec' && verify(digest, signed, key, signature);
    case 'RSASSA-PKCS1-v1_5':
      return key.asymmetricKeyType === 'rsa' && verify(digest, signed, key, signature);
    case 'RSA-PSS': {
      const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
      return key.asymmetricKeyType === 'rsa' && verify(digest, signed, { key, ...padding }, signature);
    }
    default:
      return false;
  }
}

/** The first of the three parts of a request: all but the signature and how it was made. */
function signedPart(der: Buffer): Buffer {
  const { start } = bounds(der, 0);
  return der.subarray(start, bounds(der, start).end);
}

/** Where the content of the DER element at `offset` starts, and where it ends. */
function bounds(der: Buffer, offset: number): { start: number; end: number } {
  const first = der.readUInt8(offset + 1);
  if (first < 0x80) return { start: offset + 2, end: offset + 2 + first };
  const start = offset + 2 + (first & 0x7f);
  return { start, end: start + der.readUIntBE(offset + 2, first & 0x7f) };
}
