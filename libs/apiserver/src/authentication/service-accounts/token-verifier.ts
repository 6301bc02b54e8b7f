// Service accounts' tokens: signed by us, in their time, for us, and about an account, pod, secret and node that are still
// there and still the same. The signature of a token is checked once, all else each time it is shown.
import { createHash, type KeyObject } from 'node:crypto';
import { Node, Pod, Secret, ServiceAccount } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { SigningKeys } from '@berth/pki';
import type { Clock } from '@berth/telemetry';
import { compactVerify, decodeJwt, decodeProtectedHeader, errors } from 'jose';
import type { User } from '../../core/types.ts';
import { TokenError, type TokenIdentity, type TokenVerifier } from '../bearer-token.ts';
import { accountGroups, accountUserName, credentialIdKey } from '../names.ts';
import { type BoundClaims, legacyIssuer, type Reference, readBoundClaims, readLegacyClaims } from './claims.ts';

/** For clocks that differ; also how long after its deletion began an object's tokens work. As in Kubernetes. */
const leewaySeconds = 60;
/** Signatures that are known to be good; the oldest is forgotten. */
const verifiedMax = 10_000;

type Payload = Record<string, unknown>;

export interface AccountTokenVerifierOptions {
  keys: SigningKeys;
  issuers: string[];
  /** Of this server: whom tokens without audiences are for. */
  apiAudiences: string[];
  /** Reads service accounts, pods, secrets and nodes. */
  client: Client;
  clock: Clock;
}

export class AccountTokenVerifier implements TokenVerifier {
  readonly #options: AccountTokenVerifierOptions;
  readonly #verified = new Map<string, Payload>();

  constructor(options: AccountTokenVerifierOptions) {
    this.#options = options;
  }

  async verify(token: string, audiences: string[]): Promise<TokenIdentity | undefined> {
    const issuer = unprovenIssuer(token);
    if (issuer === undefined || (issuer !== legacyIssuer && !this.#options.issuers.includes(issuer))) return undefined;
    const payload = await this.#payload(token);
    return issuer === legacyIssuer ? this.#legacy(token, payload, audiences) : this.#bound(payload, audiences);
  }

  async #payload(token: string): Promise<Payload> {
    const hash = createHash('sha256').update(token).digest('base64url');
    const known = this.#verified.get(hash);
    if (known) return known;
    const payload = await verifySignature(token, this.#options.keys);
    const oldest = this.#verified.size >= verifiedMax ? this.#verified.keys().next().value : undefined;
    if (oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.set(hash, payload);
    return payload;
  }

  async #bound(payload: Payload, wanted: string[]): Promise<TokenIdentity> {
    const claims = readBoundClaims(payload);
    if (!claims) throw new TokenError('claims are missing or not what they must be');
    this.#checkTime(claims);
    const audiences = wanted.filter((audience) => claims.aud.includes(audience));
    if (audiences.length === 0)
      throw new TokenError(`the token is for ${JSON.stringify(claims.aud)} and not for ${JSON.stringify(wanted)}`);
    const { namespace, serviceaccount, pod, node, secret } = claims['kubernetes.io'];
    if (claims.sub !== accountUserName({ namespace, name: serviceaccount.name })) throw new TokenError('sub names another account');
    await this.#require(ServiceAccount, namespace, serviceaccount);
    if (pod) await this.#require(Pod, namespace, pod);
    if (secret) await this.#require(Secret, namespace, secret);
    // A pod outlives nothing here: its own check is enough, as in Kubernetes.
    if (node && !pod) await this.#require(Node, undefined, node);
    return { user: userOf(claims), audiences };
  }

  async #legacy(token: string, payload: Payload, wanted: string[]): Promise<TokenIdentity> {
    const claims = readLegacyClaims(payload);
    if (!claims) throw new TokenError('claims are missing or not what they must be');
    const audiences = wanted.filter((audience) => this.#options.apiAudiences.includes(audience));
    if (audiences.length === 0) throw new TokenError('the token is for this server only');
    const namespace = claims['kubernetes.io/serviceaccount/namespace'];
    const name = claims['kubernetes.io/serviceaccount/service-account.name'];
    const uid = claims['kubernetes.io/serviceaccount/service-account.uid'];
    if (claims.sub !== accountUserName({ namespace, name })) throw new TokenError('sub names another account');
    const secret = await this.#require(Secret, namespace, { name: claims['kubernetes.io/serviceaccount/secret.name'] });
    const held = Buffer.from(secret.data?.token ?? '', 'base64').toString('utf8');
    if (secret.metadata.deletionTimestamp || held !== token) throw new TokenError('the secret does not hold this token any more');
    await this.#require(ServiceAccount, namespace, { name, uid });
    return { user: { name: claims.sub, groups: accountGroups(namespace), uid }, audiences };
  }

  #checkTime({ exp, nbf }: BoundClaims): void {
    const nowSeconds = this.#options.clock.now() / 1000;
    if (nowSeconds - leewaySeconds > exp) throw new TokenError('the token has expired');
    if (nowSeconds + leewaySeconds < nbf) throw new TokenError('the token is not valid yet');
  }

  async #require<T extends KubeObject>(kind: KindDefinition<T>, namespace: string | undefined, { name, uid }: Reference): Promise<T> {
    const found = await this.#read(kind, namespace, name);
    if (!found) throw new TokenError(`${kind.kind} ${name} is gone`);
    if (uid !== undefined && found.metadata.uid !== uid) throw new TokenError(`${kind.kind} ${name} is another one by now`);
    const { deletionTimestamp } = found.metadata;
    if (deletionTimestamp && Date.parse(deletionTimestamp) < this.#options.clock.now() - leewaySeconds * 1000) {
      throw new TokenError(`${kind.kind} ${name} is being deleted`);
    }
    return found;
  }

  async #read<T extends KubeObject>(kind: KindDefinition<T>, namespace: string | undefined, name: string): Promise<T | undefined> {
    try {
      return await this.#options.client.get(kind, { namespace, name });
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

/** Whose token it claims to be; nothing of it is proven. */
export function unprovenIssuer(token: string): string | undefined {
  // Decoders take other alphabets, too; a token has one spelling.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    // Not a JWT: another verifier may know it.
    return undefined;
  }
}

async function verifySignature(token: string, keys: SigningKeys): Promise<Payload> {
  try {
    const { kid = '' } = decodeProtectedHeader(token);
    const named = keys.accepted.get(kid);
    // A token need not name its key, or may name it otherwise; there are but a few.
    for (const { key, algorithm } of named ? [named] : keys.accepted.values()) {
      const payload = await signedBy(token, key, algorithm);
      if (payload) return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as Payload;
    }
    throw new TokenError('signed with a key that is not ours');
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError(error instanceof Error ? error.message : String(error));
  }
}

/** Undefined when it was not. */
async function signedBy(token: string, key: KeyObject, algorithm: string): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token, key, { algorithms: [algorithm] })).payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSEAlgNotAllowed) return undefined;
    throw error;
  }
}

function userOf(claims: BoundClaims): User {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  const key = (name: string) => `authentication.kubernetes.io/${name}`;
  const extra: Record<string, string[]> = { [credentialIdKey]: [`JTI=${claims.jti}`] };
  if (node) extra[key('node-name')] = [node.name];
  if (node?.uid) extra[key('node-uid')] = [node.uid];
  if (pod) extra[key('pod-name')] = [pod.name];
  if (pod?.uid) extra[key('pod-uid')] = [pod.uid];
  return { name: claims.sub, groups: accountGroups(namespace), ...(serviceaccount.uid && { uid: serviceaccount.uid }), extra };
}
