// Secrets that hold a service account's token for good, for those who cannot ask for one: filled once they exist, gone with
// their account (kubernetes.io, "Manually create a long-lived API token for a ServiceAccount").

import { Secret, ServiceAccount } from '@berth/api';
import type { Client, InformerSet } from '@berth/client';
import { SlowReconciler } from '@berth/controller';
import { deepEqual, isReason, keyOf } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';

/** Signs the tokens that such Secrets hold. */
export interface LegacyTokenIssuer {
  issueLegacy(namespace: string, account: { name: string; uid: string }, secretName: string): Promise<string>;
}

const secretType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';

export interface AccountSecretsOptions {
  issuer: LegacyTokenIssuer;
  /** PEM of the cluster's CA. */
  caCertificate: string;
  client: Client;
  informers: InformerSet;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export class AccountSecrets {
  readonly #options: AccountSecretsOptions;
  readonly #reconciler: SlowReconciler;

  /** Before the informers start. */
  constructor(options: AccountSecretsOptions) {
    this.#options = options;
    this.#reconciler = new SlowReconciler({ ...options, what: "an account's secret", look: (key) => this.#look(key) });
    const secrets = options.informers.of(Secret);
    const holdsToken = (secret: Secret) => secret.type === secretType;
    secrets.onChange((type, secret) => {
      if (type !== 'DELETED' && holdsToken(secret)) this.#reconciler.add(keyOf(secret));
    });
    options.informers.of(ServiceAccount).onChange((type, { metadata }) => {
      if (type !== 'DELETED') return;
      for (const secret of secrets.list()) {
        const isOwn = secret.metadata.namespace === metadata.namespace && secret.metadata.annotations?.[nameAnnotation] === metadata.name;
        if (isOwn && holdsToken(secret)) this.#reconciler.add(keyOf(secret));
      }
    });
  }

  stop(): Promise<void> {
    return this.#reconciler.stop();
  }

  async #look(key: string): Promise<void> {
    const { client, informers } = this.#options;
    const secret = informers.of(Secret).get(key);
    if (!secret || secret.metadata.deletionTimestamp) return;
    const account = await this.#account(secret);
    if (account) return this.#fill(secret, account);
    const { uid, resourceVersion } = secret.metadata;
    await client.delete(Secret, secret.metadata, { preconditions: { uid, resourceVersion } });
  }

  /** Asked of the API: whether it is there decides whether a secret is deleted. */
  async #account({ metadata: { namespace, annotations = {} } }: Secret): Promise<ServiceAccount | undefined> {
    const uid = annotations[uidAnnotation];
    try {
      const account = await this.#options.client.get(ServiceAccount, { namespace, name: annotations[nameAnnotation] ?? '' });
      return uid === undefined || uid === account.metadata.uid ? account : undefined;
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #fill(secret: Secret, { metadata: { name, namespace = '', uid = '' } }: ServiceAccount): Promise<void> {
    const { issuer, caCertificate, client } = this.#options;
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    const token = secret.data?.token || encoded(await issuer.issueLegacy(namespace, { name, uid }, secret.metadata.name));
    const data = { ...secret.data, 'ca.crt': encoded(caCertificate), namespace: secret.data?.namespace || encoded(namespace), token };
    const annotations = { ...secret.metadata.annotations, [uidAnnotation]: uid };
    if (deepEqual(data, secret.data) && deepEqual(annotations, secret.metadata.annotations)) return;
    await client.update(Secret, { ...secret, metadata: { ...secret.metadata, annotations }, data });
  }
}
