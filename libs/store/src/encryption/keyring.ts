// Values under lock: AES-256-GCM with a key of each value's own, derived from a named key and a random salt, so that no key
// wears out by many writes. The store key is bound in: a value that was moved to another key cannot be read.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const mark = Buffer.from('berth:enc:v1:');
const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const info = 'berth store value';
export const secretBytes = 32;

export interface EncryptionKey {
  /** Written before each value, so that readers know which key to take: letters, digits, `-`, `_` and `.`. */
  name: string;
  /** 32 bytes. */
  secret: Uint8Array;
}

/** A value cannot be read with the keys at hand. */
export class DecryptionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecryptionError';
  }
}

export class Keyring {
  readonly #keys: Map<string, EncryptionKey>;
  /** What new values are written with; undefined writes them as they are. */
  readonly #primary: EncryptionKey | undefined;

  /**
   * @param keys all that values may have been written with
   * @param primary one of them, or undefined to write plain text
   * @throws RangeError for a key that is not 32 bytes, a name that is not one, or one given twice
   */
  constructor(keys: EncryptionKey[], primary: EncryptionKey | undefined) {
    for (const { name, secret } of keys) {
      if (!/^[A-Za-z0-9._-]{1,63}$/.test(name)) throw new RangeError(`${JSON.stringify(name)} cannot name an encryption key`);
      if (secret.length !== secretBytes) throw new RangeError(`the encryption key ${name} has ${secret.length} bytes, not ${secretBytes}`);
    }
    this.#keys = new Map(keys.map((key) => [key.name, key]));
    if (this.#keys.size < keys.length) throw new RangeError('two encryption keys have the same name');
    this.#primary = primary;
  }

  /** @param place the store key */
  seal(place: string, value: Uint8Array): Uint8Array {
    if (!this.#primary) return value;
    const { name, secret } = this.#primary;
    const [salt, nonce] = [randomBytes(saltBytes), randomBytes(nonceBytes)];
    const cipher = createCipheriv('aes-256-gcm', valueKey(secret, salt), nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(place));
    const sealed = [cipher.update(value), cipher.final()];
    return Buffer.concat([mark, Buffer.from(`${name}:`), salt, nonce, ...sealed, cipher.getAuthTag()]);
  }

  /** @throws DecryptionError naming the place and what to do */
  open(place: string, stored: Uint8Array): Uint8Array {
    const name = keyNameOf(stored);
    if (name === undefined) return stored;
    const key = this.#keys.get(name);
    if (!key) {
      const known = [...this.#keys.keys()].join(', ') || 'none';
      throw new DecryptionError(
        `${place} is encrypted with the key ${JSON.stringify(name)}, which is not among the configured ones (${known}): add it to the encryption configuration`,
      );
    }
    const sealed = stored.subarray(mark.length + name.length + 1);
    const [salt, nonce] = [sealed.subarray(0, saltBytes), sealed.subarray(saltBytes, saltBytes + nonceBytes)];
    try {
      const decipher = createDecipheriv('aes-256-gcm', valueKey(key.secret, salt), nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
      return Buffer.concat([decipher.update(sealed.subarray(saltBytes + nonceBytes, sealed.length - tagBytes)), decipher.final()]);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new DecryptionError(`${place} was changed in the store, or the key ${JSON.stringify(name)} is not the one it had: ${cause}`);
    }
  }

  /** Whether a value would be written in another way now. */
  isStale(stored: Uint8Array): boolean {
    return keyNameOf(stored) !== this.#primary?.name;
  }
}

function valueKey(secret: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, secretBytes));
}

/** Undefined for plain text. */
function keyNameOf(stored: Uint8Array): string | undefined {
  if (stored.length < mark.length || !mark.equals(stored.subarray(0, mark.length))) return undefined;
  const end = stored.indexOf(0x3a, mark.length);
  return end < 0 ? undefined : Buffer.from(stored.subarray(mark.length, end)).toString('latin1');
}
