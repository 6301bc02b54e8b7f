// What a service account's token says, in the shape that Kubernetes gives it. Reading trusts nothing: a signed token is still
// refused when a field is not what it must be.

export const legacyIssuer = 'kubernetes/serviceaccount';

export interface Reference {
  name: string;
  uid?: string;
}

export interface BoundClaims {
  iss: string;
  sub: string;
  aud: string[];
  /** Seconds since 1970. */
  exp: number;
  iat: number;
  nbf: number;
  jti: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: Reference;
    pod?: Reference;
    node?: Reference;
    secret?: Reference;
    /** After this the token still works, but should have been renewed. */
    warnafter?: number;
  };
}

/** Of a token in a Secret: no end and no audience; it works as long as the Secret holds it. */
export interface LegacyClaims {
  iss: typeof legacyIssuer;
  sub: string;
  'kubernetes.io/serviceaccount/namespace': string;
  'kubernetes.io/serviceaccount/secret.name': string;
  'kubernetes.io/serviceaccount/service-account.name': string;
  'kubernetes.io/serviceaccount/service-account.uid': string;
}

type Fields = Record<string, unknown>;

/** Undefined when a claim is absent or of another type. */
export function readBoundClaims(payload: Fields): BoundClaims | undefined {
  const { iss, sub, aud, exp, iat, nbf, jti } = payload;
  const about = fields(payload['kubernetes.io']);
  const account = reference(about?.serviceaccount);
  if (!isText(iss) || !isText(sub) || !isTime(exp) || !isTime(iat) || !isTime(nbf) || !isText(jti)) return undefined;
  if (!about || !isText(about.namespace) || !account?.uid) return undefined;
  const audiences = typeof aud === 'string' ? [aud] : aud;
  if (!Array.isArray(audiences) || audiences.length === 0 || !audiences.every(isText)) return undefined;
  const bound: Partial<Record<'pod' | 'node' | 'secret', Reference>> = {};
  for (const kind of ['pod', 'node', 'secret'] as const) {
    if (about[kind] === undefined) continue;
    const found = reference(about[kind]);
    // A node may be unknown when its pod's token is made; pods and secrets are not.
    if (!found || (kind !== 'node' && !found.uid)) return undefined;
    bound[kind] = found;
  }
  const claims = { namespace: about.namespace, serviceaccount: account, ...bound };
  return { iss, sub, aud: audiences, exp, iat, nbf, jti, 'kubernetes.io': claims };
}

export function readLegacyClaims(payload: Fields): LegacyClaims | undefined {
  const names = ['sub', ...['namespace', 'secret.name', 'service-account.name', 'service-account.uid'].map(legacyKey)];
  if (payload.iss !== legacyIssuer || !names.every((name) => isText(payload[name]))) return undefined;
  return payload as unknown as LegacyClaims;
}

function legacyKey(name: string): string {
  return `kubernetes.io/serviceaccount/${name}`;
}

function reference(value: unknown): Reference | undefined {
  const found = fields(value);
  if (!found || !isText(found.name) || (found.uid !== undefined && !isText(found.uid))) return undefined;
  return { name: found.name, ...(isText(found.uid) && { uid: found.uid }) };
}

function fields(value: unknown): Fields | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
