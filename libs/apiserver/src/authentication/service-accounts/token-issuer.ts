// Signs service accounts' tokens. It decides nothing: whoever calls it has checked that the account and what the token is
// bound to exist.
import { randomUUID } from 'node:crypto';
import type { SigningKeys } from '@berth/pki';
import type { Clock } from '@berth/telemetry';
import { SignJWT } from 'jose';
import { accountUserName } from '../names.ts';
import { type BoundClaims, type LegacyClaims, legacyIssuer, type Reference } from './claims.ts';

/** What Kubernetes' pods ask for: an hour, and seven seconds that mark it as theirs. */
export const podTokenSeconds = 3607;
/** Clients that never read their token again keep working for a year; the hour is when they should have. */
const extendedSeconds = 365 * 24 * 60 * 60;

export interface TokenSubject {
  namespace: string;
  account: Required<Reference>;
  pod?: Reference;
  node?: Reference;
  secret?: Reference;
}

export interface TokenIssuerOptions {
  keys: SigningKeys;
  issuer: string;
  /** The server's own; a token for nobody in particular is for them. */
  audiences: string[];
  clock: Clock;
}

export class TokenIssuer {
  readonly keys: SigningKeys;
  readonly issuer: string;
  readonly audiences: string[];
  readonly #clock: Clock;

  constructor({ keys, issuer, audiences, clock }: TokenIssuerOptions) {
    this.keys = keys;
    this.issuer = issuer;
    this.audiences = audiences;
    this.#clock = clock;
  }

  async issue(subject: TokenSubject, audiences: string[], expirationSeconds: number): Promise<{ token: string; expiresAtMs: number }> {
    const { namespace, account, pod, node, secret } = subject;
    const iat = Math.floor(this.#clock.now() / 1000);
    const isForPod = pod !== undefined && expirationSeconds === podTokenSeconds;
    const isExtended = isForPod && audiences.length > 0 && audiences.every((audience) => this.audiences.includes(audience));
    const claims: BoundClaims = {
      aud: audiences,
      exp: iat + (isExtended ? extendedSeconds : expirationSeconds),
      iat,
      iss: this.issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        ...(node && { node }),
        ...(pod && { pod }),
        ...(secret && { secret }),
        serviceaccount: account,
        ...(isExtended && { warnafter: iat + expirationSeconds }),
      },
      nbf: iat,
      sub: accountUserName({ namespace, name: account.name }),
    };
    return { token: await this.#sign(claims), expiresAtMs: (iat + expirationSeconds) * 1000 };
  }

  /** For a Secret of type kubernetes.io/service-account-token. */
  issueLegacy(namespace: string, account: Required<Reference>, secretName: string): Promise<string> {
    const claims: LegacyClaims = {
      iss: legacyIssuer,
      'kubernetes.io/serviceaccount/namespace': namespace,
      'kubernetes.io/serviceaccount/secret.name': secretName,
      'kubernetes.io/serviceaccount/service-account.name': account.name,
      'kubernetes.io/serviceaccount/service-account.uid': account.uid,
      sub: accountUserName({ namespace, name: account.name }),
    };
    return this.#sign(claims);
  }

  #sign(claims: BoundClaims | LegacyClaims): Promise<string> {
    const { id, algorithm, key } = this.keys.signing;
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: algorithm, kid: id }).sign(key);
  }
}
