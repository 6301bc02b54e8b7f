// The token that docker-registry believes (its `auth: token`): a JWT that names what its bearer may do, signed with the key whose certificate the
// registry has. It is good for minutes, and for that registry alone.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { installedRegistry } from '@berth/api';
import { SignJWT } from 'jose';
import type { RegistryAccess } from './token-scopes.ts';

/** A push of many layers asks again. */
export const registryTokenSeconds = 300;
/** For a registry whose node's clock is behind. */
const backdateSeconds = 60;

export interface RegistryTokenFacts {
  /** Who asked. */
  user: string;
  access: readonly RegistryAccess[];
  nowMs: number;
  id: string;
}

/** @param key PEM, ECDSA on P-256 */
export function registryToken(key: string, { user, access, nowMs, id }: RegistryTokenFacts): Promise<string> {
  const signing = createPrivateKey(key);
  const iat = Math.floor(nowMs / 1000);
  return new SignJWT({ access })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: keyId(createPublicKey(signing)) })
    .setIssuer(installedRegistry.issuer)
    .setSubject(user)
    .setAudience(installedRegistry.host)
    .setIssuedAt(iat)
    .setNotBefore(iat - backdateSeconds)
    .setExpirationTime(iat + registryTokenSeconds)
    .setJti(id)
    .sign(signing);
}

/** As libtrust, which docker-registry is made with, names keys: 240 bits of their hash in base32, in groups of four. */
export function keyId(key: KeyObject): string {
  const hash = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 30);
  return (base32(hash).match(/.{4}/g) ?? []).join(':');
}

/** Of a multiple of five bytes. */
function base32(bytes: Uint8Array): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => letters[Number.parseInt(five, 2)]).join('');
}
