// Bootstrap tokens, `abcdef.0123456789abcdef`: a Secret in kube-system that lets new machines ask for their certificates.
// Format of the Secret: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
import { createHash, timingSafeEqual } from 'node:crypto';
import { Secret } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { forThisServer } from './access-token.ts';
import { TokenError, type TokenIdentity, type TokenVerifier } from './bearer-token.ts';

const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const group = 'system:bootstrappers';
const extraGroup = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export class BootstrapTokenVerifier implements TokenVerifier {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #apiAudiences: string[];

  constructor(client: Client, clock: Clock, apiAudiences: string[]) {
    this.#client = client;
    this.#clock = clock;
    this.#apiAudiences = apiAudiences;
  }

  async verify(token: string, audiences: string[]): Promise<TokenIdentity | undefined> {
    const [, id, secret = ''] = form.exec(token) ?? [];
    if (id === undefined) return undefined;
    const fields = await this.#read(id);
    if (!sameSecret(fields['token-secret'] ?? '', secret)) throw new TokenError('the secret is wrong');
    if (fields['token-id'] !== id) throw new TokenError('the token-id of the Secret is another one');
    if (this.#isExpired(fields.expiration)) throw new TokenError('the token has expired');
    if (fields['usage-bootstrap-authentication'] !== 'true') throw new TokenError('the token is not to authenticate with');
    const extra = fields['auth-extra-groups'] ? fields['auth-extra-groups'].split(',').map((name) => name.trim()) : [];
    const wrong = extra.find((name) => !extraGroup.test(name));
    if (wrong !== undefined) throw new TokenError(`${JSON.stringify(wrong)} is not a group below ${group}`);
    const user = { name: `system:bootstrap:${id}`, groups: [...new Set([group, ...extra])] };
    return { user, audiences: forThisServer(this.#apiAudiences, audiences) };
  }

  async #read(id: string): Promise<Record<string, string>> {
    try {
      const secret = await this.#client.get(Secret, { namespace: 'kube-system', name: `bootstrap-token-${id}` });
      if (secret.metadata.deletionTimestamp) throw new TokenError('the token is being deleted');
      if (secret.type !== 'bootstrap.kubernetes.io/token') throw new TokenError('the Secret is not of the type of bootstrap tokens');
      const decoded = Object.entries(secret.data ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]);
      return Object.fromEntries(decoded);
    } catch (error) {
      if (isReason(error, 'NotFound')) throw new TokenError('there is no such bootstrap token');
      throw error;
    }
  }

  /** Without a date it never ends; a date that cannot be read has passed. */
  #isExpired(expiration: string | undefined): boolean {
    if (!expiration) return false;
    return !rfc3339.test(expiration) || !(Date.parse(expiration) > this.#clock.now());
  }
}

/** Takes the same time wherever the first difference is. */
function sameSecret(expected: string, given: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return expected !== '' && timingSafeEqual(hash(expected), hash(given));
}
