// Which requests are signed as Go's x509 holds for signed.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { cryptoProvider, PemConverter, Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { beforeAll, expect, test } from 'vitest';
import { signatureProblem } from './request-signature.ts';

beforeAll(() => cryptoProvider.set(webcrypto));

async function requestWith(algorithm: { name: string; namedCurve?: string; modulusLength?: number }, hash = 'SHA-256') {
  const full = { ...algorithm, hash, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = (await webcrypto.subtle.generateKey(full, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const signingAlgorithm = { name: algorithm.name, hash, ...(algorithm.name === 'RSA-PSS' && { saltLength: 32 }) };
  return Pkcs10CertificateRequestGenerator.create({ name: 'CN=a', keys, signingAlgorithm });
}

const rsa = (modulusLength: number) => ({ name: 'RSASSA-PKCS1-v1_5', modulusLength });
const ec = (namedCurve: string) => ({ name: 'ECDSA', namedCurve });

test.each([
  [ec('P-256'), 'SHA-256'],
  [ec('P-384'), 'SHA-384'],
  [ec('P-521'), 'SHA-512'],
  [rsa(1024), 'SHA-256'],
  [rsa(2048), 'SHA-1'],
  [{ name: 'RSA-PSS', modulusLength: 2048 }, 'SHA-256'],
  [{ name: 'Ed25519' }, 'SHA-256'],
])('%o with %s is', async (algorithm, hash) => {
  expect(signatureProblem(await requestWith(algorithm, hash))).toBeUndefined();
});

test('a short RSA key is not, although its signature fits', async () => {
  expect(signatureProblem(await requestWith(rsa(512)))).toBe('512-bit RSA keys are insecure');
});

test.each([ec('P-256'), rsa(2048), { name: 'Ed25519' }])('a bent signature of %o is not', async (algorithm) => {
  const request = await requestWith(algorithm);
  const bytes = new Uint8Array(request.rawData);
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
  expect(signatureProblem(new Pkcs10CertificateRequest(bytes))).toBe('the signature of the request does not fit its key');
});

test('a signature of another key is not', async () => {
  const [one, other] = [await requestWith(ec('P-256')), await requestWith(ec('P-256'))];
  const pem = PemConverter.encode(one.rawData, 'CERTIFICATE REQUEST');
  const swapped = new Pkcs10CertificateRequest(pem);
  Object.defineProperty(swapped, 'publicKey', { value: other.publicKey });
  expect(signatureProblem(swapped)).toBe('the signature of the request does not fit its key');
});

// Made with `openssl req -new` and keys of `openssl ecparam`, on curves that Web Crypto does not know.
const p224 = `-----BEGIN CERTIFICATE REQUEST-----
MIG0MGMCAQAwDDEKMAgGA1UEAwwBYTBOMBAGByqGSM49AgEGBSuBBAAhAzoABE5B
CudjZOxXsq69qyCzeaGSKwW4W8r14AnuWygRFTfvMATEPWYck5TDsqT3L6S8J8D/
2C6ztqTDoAAwCgYIKoZIzj0EAwIDQQAwPgIdAOcu+6rnwEoX3TSda0J2YIccHjnb
Rprg2CxQTdkCHQCh8qK96/BP0FkKiq6ekny1wcGLp3Oha1CE8vLp
-----END CERTIFICATE REQUEST-----`;
const koblitz = `-----BEGIN CERTIFICATE REQUEST-----
MIHDMGsCAQAwDDEKMAgGA1UEAwwBYTBWMBAGByqGSM49AgEGBSuBBAAKA0IABC7C
5WnIv9wh4GCYdted7gNu+E/QJfDtxCZU59q5vgqEibrRYg6P/bajvI/54xdEpwPT
k8eECOcYc1SMmliidIugADAKBggqhkjOPQQDAgNIADBFAiEA4/cspBHXokONSGFO
Z1yiaQaaIGapMp/LxYmLPkPRsoYCIGTuJ89i0Pf78BDbwaJLIR+h6Tfs5Bm3vTOe
7YrikETp
-----END CERTIFICATE REQUEST-----`;

test('curves are those that Go knows', () => {
  expect(signatureProblem(new Pkcs10CertificateRequest(p224))).toBeUndefined();
  expect(signatureProblem(new Pkcs10CertificateRequest(koblitz))).toBe('the curve secp256k1 is not supported');
});
