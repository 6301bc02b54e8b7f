// The keys behind service accounts' tokens. One signs; others are still accepted, so that keys can be changed without taking
// every pod's token away. The private one never leaves the data directory.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, type JWK } from 'jose';
import { readIfPresent, writePrivateFile } from './private-files.ts';

export interface VerificationKey {
  id: string;
  algorithm: 'ES256' | 'RS256';
  key: KeyObject;
}

export class SigningKeys {
  readonly signing: VerificationKey;
  /** By id, the signing one's public half among them. */
  readonly accepted: ReadonlyMap<string, VerificationKey>;

  constructor(signing: KeyObject, accepted: KeyObject[] = []) {
    const own = describe(createPublicKey(signing));
    this.signing = { ...own, key: signing };
    this.accepted = new Map([own, ...accepted.map(describe)].map((key) => [key.id, key]));
  }

  static generate(): SigningKeys {
    return new SigningKeys(newKey());
  }

  /**
   * Signs with `sa.key` of the folder, made at the first start; every other `sa-*.key` or `sa-*.pub` (PEM) there is accepted.
   * To change keys, rename sa.key to sa-old.key and restart; remove that one once its last token has expired.
   */
  static async open(directory: string): Promise<SigningKeys> {
    const path = join(directory, 'sa.key');
    let pem = await readIfPresent(path);
    if (pem === undefined) {
      pem = String(newKey().export({ type: 'pkcs8', format: 'pem' }));
      await writePrivateFile(path, pem);
    }
    const others = (await readdir(directory)).filter((name) => /^sa-.*\.(key|pub)$/.test(name)).sort();
    const accepted: KeyObject[] = [];
    for (const name of others)
      accepted.push(readKey(join(directory, name), (await readIfPresent(join(directory, name))) ?? '', createPublicKey));
    return new SigningKeys(readKey(path, pem, createPrivateKey), accepted);
  }

  /** RFC 7517, what /openid/v1/jwks serves. */
  async jwks(): Promise<{ keys: JWK[] }> {
    const exported = [...this.accepted.values()].map(async ({ id, algorithm, key }) => {
      return { use: 'sig', ...(await exportJWK(key)), kid: id, alg: algorithm };
    });
    return { keys: await Promise.all(exported) };
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function readKey(path: string, pem: string, read: (pem: string) => KeyObject): KeyObject {
  try {
    return read(pem);
  } catch (error) {
    throw new Error(`${path} holds no PEM key: restore it, or remove it and restart`, { cause: error });
  }
}

/** The id is the hash of the public key, as Kubernetes names them. */
function describe(key: KeyObject): VerificationKey {
  const id = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return { id, algorithm: 'RS256', key };
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return { id, algorithm: 'ES256', key };
  throw new Error('keys for service accounts’ tokens must be ECDSA on P-256, or RSA of at least 2048 bits');
}
