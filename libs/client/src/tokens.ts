// Bearer secrets that people and new nodes show: join tokens and access tokens. Each is a Secret in kube-system that holds
// only the hash, so it is durable, shared by every replica, listed and revoked with kubectl, and useless to who reads it.
import { createHash, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import { Secret } from '@berth/api';
import { isReason } from '@berth/machinery';
import { type Clock, timestamp } from '@berth/telemetry';
import type { Client } from './client.ts';

const namespace = 'kube-system';
const joinType = 'berth.dev/join-token';
const accessType = 'berth.dev/access-token';
const namePrefix = 'berth-token-';
const idPattern = /^[0-9a-f]{10}$/;
const joinPrefix = 'berth1';
const accessPrefix = 'berth-access';

export const joinTokenTtlSeconds = 24 * 60 * 60;
export const accessTokenTtlSeconds = 30 * 24 * 60 * 60;

export interface TokenUser {
  name: string;
  groups: string[];
}

export interface TokenFacts {
  id: string;
  kind: 'join' | 'access';
  /** Whom an access token stands for. */
  user?: TokenUser;
  /** RFC 3339. */
  expiresAt: string;
  isExpired: boolean;
}

export interface TokensOptions {
  client: Client;
  clock: Clock;
  /** SHA-256 of the CA certificate's DER, hexadecimal. */
  caFingerprint: string;
}

export class Tokens {
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  /** @param certificateAuthority PEM of the cluster's, as a kubeconfig holds it */
  static pinnedTo(certificateAuthority: string, options: Omit<TokensOptions, 'caFingerprint'>): Tokens {
    const { fingerprint256 } = new X509Certificate(certificateAuthority);
    return new Tokens({ ...options, caFingerprint: fingerprint256.replaceAll(':', '').toLowerCase() });
  }

  /** `berth1.<id>.<secret>.<CA fingerprint>`: what a machine needs to become a node, once or often, until it expires. */
  async createJoinToken(ttlSeconds: number = joinTokenTtlSeconds): Promise<string> {
    const { id, secret } = await this.#create(joinType, {}, ttlSeconds);
    return `${joinPrefix}.${id}.${secret}.${this.#options.caFingerprint}`;
  }

  async verifyJoinToken(token: string): Promise<boolean> {
    const [prefix, id = '', secret = '', fingerprint, ...rest] = token.split('.');
    if (prefix !== joinPrefix || fingerprint !== this.#options.caFingerprint || rest.length > 0) return false;
    return (await this.#verify(joinType, id, secret)) !== undefined;
  }

  /** A bearer token for the API and the dashboard, e.g. for group `berth:viewers`. */
  async createAccessToken(user: TokenUser, ttlSeconds: number = accessTokenTtlSeconds): Promise<string> {
    const { id, secret } = await this.#create(accessType, { user: user.name, groups: user.groups.join(',') }, ttlSeconds);
    return `${accessPrefix}.${id}.${secret}`;
  }

  /** Whom the token stands for; undefined when it is unknown, wrong or expired. */
  async verifyAccessToken(token: string): Promise<TokenUser | undefined> {
    const [prefix, id = '', secret = '', ...rest] = token.split('.');
    if (prefix !== accessPrefix || rest.length > 0) return undefined;
    const fields = await this.#verify(accessType, id, secret);
    if (!fields?.user) return undefined;
    return { name: fields.user, groups: fields.groups ? fields.groups.split(',') : [] };
  }

  /** All that there are, also those that have expired; what they are worth nobody can read. */
  async list(): Promise<TokenFacts[]> {
    const { items } = await this.#options.client.list(Secret, { namespace });
    const isToken = ({ metadata, type }: Secret) => metadata.name.startsWith(namePrefix) && (type === joinType || type === accessType);
    return items.filter(isToken).map((secret) => {
      const fields = fieldsOf(secret);
      return {
        id: secret.metadata.name.slice(namePrefix.length),
        kind: secret.type === joinType ? 'join' : 'access',
        ...(fields.user !== undefined && { user: { name: fields.user, groups: fields.groups ? fields.groups.split(',') : [] } }),
        expiresAt: fields.expiresAt ?? '',
        isExpired: !(Date.parse(fields.expiresAt ?? '') > this.#options.clock.now()),
      };
    });
  }

  /** @param given its id, or the token itself @returns false where there is none */
  async revoke(given: string): Promise<boolean> {
    const id = given.split('.').find((part) => idPattern.test(part)) ?? '';
    const known = await this.list();
    if (!known.some((token) => token.id === id)) return false;
    await this.#options.client.delete(Secret, { namespace, name: nameOf(id) });
    return true;
  }

  async #create(type: string, fields: Record<string, string>, ttlSeconds: number): Promise<{ id: string; secret: string }> {
    const id = randomBytes(5).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const expiresAt = timestamp({ now: () => this.#options.clock.now() + ttlSeconds * 1000 });
    const data = Object.entries({ ...fields, hash: hashOf(secret).toString('hex'), expiresAt });
    await this.#options.client.create(Secret, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: nameOf(id), namespace },
      type,
      data: Object.fromEntries(data.map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
    });
    return { id, secret };
  }

  async #verify(type: string, id: string, secret: string): Promise<Record<string, string | undefined> | undefined> {
    if (!idPattern.test(id)) return undefined;
    const stored = await this.#read(id);
    if (!stored || stored.type !== type) return undefined;
    const fields = fieldsOf(stored);
    const expected = Buffer.from(fields.hash ?? '', 'hex');
    const given = hashOf(secret);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    // A date that cannot be read compares as expired.
    return Date.parse(fields.expiresAt ?? '') > this.#options.clock.now() ? fields : undefined;
  }

  async #read(id: string): Promise<Secret | undefined> {
    try {
      return await this.#options.client.get(Secret, { namespace, name: nameOf(id) });
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function nameOf(id: string): string {
  return `${namePrefix}${id}`;
}

function fieldsOf({ data = {} }: Secret): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]));
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
