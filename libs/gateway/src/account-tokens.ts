// Tokens for pods, asked for by the agents that run them. A node gets tokens of its own pods alone, and only such as one of
// the pod's volumes, or its storage driver, asks for: what a node that was broken into can take is what already runs on it.
import { type Pod, ServiceAccount } from '@berth/api';
import type { Client } from '@berth/client';
import { StatusError } from '@berth/machinery';
import type { AccountToken, AccountTokenRequest } from '@berth/protocol';
import type { ClusterView } from './cluster-view.ts';

const secondsDefault = 3600;

export class AccountTokens {
  readonly #client: Pick<Client, 'createSubresource'>;
  readonly #view: Pick<ClusterView, 'pod' | 'driverTokens'>;

  constructor(client: Pick<Client, 'createSubresource'>, view: Pick<ClusterView, 'pod' | 'driverTokens'>) {
    this.#client = client;
    this.#view = view;
  }

  /** @throws StatusError Forbidden for what is not the node's affair, and what the API refuses */
  async issue(nodeName: string, request: AccountTokenRequest): Promise<AccountToken> {
    const { namespace, uid, audience, expirationSeconds } = request;
    const pod = this.#view.pod(namespace, request.pod);
    if (!pod || pod.metadata.uid !== uid || pod.spec.nodeName !== nodeName || !this.#asksFor(pod, audience, expirationSeconds)) {
      throw StatusError.forbidden({ group: '', plural: 'serviceaccounts' }, '', `node ${nodeName} runs no pod that asks for this token`);
    }
    const name = pod.spec.serviceAccountName || 'default';
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: request.pod, uid };
    const spec = { ...(audience && { audiences: [audience] }), expirationSeconds, boundObjectRef };
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const answer = await this.#client.createSubresource(ServiceAccount, { namespace, name }, 'token', body);
    const { status } = answer as { status: { token: string; expirationTimestamp: string } };
    return { token: status.token, expiresAtMs: Date.parse(status.expirationTimestamp) };
  }

  /** A projected volume of the pod, or the storage driver of one. */
  #asksFor(pod: Pod, audience: string, expirationSeconds: number): boolean {
    const projected = (pod.spec.volumes ?? [])
      .flatMap((volume) => volume.projected?.sources ?? [])
      .map((source) => source.serviceAccountToken);
    return [...projected, ...this.#view.driverTokens(pod)].some(
      (wanted) => wanted && (wanted.audience ?? '') === audience && (wanted.expirationSeconds ?? secondsDefault) === expirationSeconds,
    );
  }
}
