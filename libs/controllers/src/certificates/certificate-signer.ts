// Approves what nodes may have anyway, and signs what was approved.

import { CertificateSigningRequest, SubjectAccessReview, serviceServingSigner } from '@berth/api';
import type { Client, InformerSet } from '@berth/client';
import { SlowReconciler } from '@berth/controller';
import { deepClone } from '@berth/machinery';
import { type CertificateAuthority, signatureProblem } from '@berth/pki';
import { type Clock, type Logger, type Random, timestamp } from '@berth/telemetry';
import { type Asked, knownSigners, kubeletClientSigner, readRequest, refusal } from './signer-rules.ts';

const secondsMin = 10 * 60;
const secondsDefault = 365 * 24 * 60 * 60;
/** As long as the cluster's own servers' peers have theirs: whoever installed the server need not come back every year. */
const secondsMaxOfServices = 10 * secondsDefault;

export interface CertificateSignerOptions {
  authority: Pick<CertificateAuthority, 'signRequest'>;
  client: Client;
  informers: InformerSet;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export class CertificateSigner {
  readonly #options: CertificateSignerOptions;
  readonly #reconciler: SlowReconciler;

  /** Before the informers start. */
  constructor(options: CertificateSignerOptions) {
    this.#options = options;
    this.#reconciler = new SlowReconciler({ ...options, what: 'a certificate request', look: (name) => this.#look(name) });
    options.informers.of(CertificateSigningRequest).onChange((type, { metadata }) => {
      if (type !== 'DELETED') this.#reconciler.add(metadata.name);
    });
  }

  stop(): Promise<void> {
    return this.#reconciler.stop();
  }

  async #look(name: string): Promise<void> {
    const request = this.#options.informers.of(CertificateSigningRequest).get(name);
    const { signerName } = request?.spec ?? {};
    if (!request || !signerName || !knownSigners.includes(signerName) || request.status?.certificate) return;
    const has = (type: string) => request.status?.conditions?.some((condition) => condition.type === type) ?? false;
    if (has('Denied') || has('Failed')) return;
    if (has('Approved')) await this.#sign(request);
    else if (signerName === kubeletClientSigner) await this.#approve(request);
  }

  /** A node may have its own certificate again, and a new machine its first, if the rules for nodes say so. */
  async #approve(request: CertificateSigningRequest): Promise<void> {
    const { spec } = request;
    const asked = readOrNothing(request);
    if (!asked || refusal(spec.signerName, spec.usages ?? [], asked)) return;
    const isSelf = (spec.username ?? '') === asked.commonNames[0];
    for (const subresource of isSelf ? ['selfnodeclient', 'nodeclient'] : ['nodeclient']) {
      if (!(await this.#isAllowed(request, subresource))) continue;
      const whose = subresource === 'selfnodeclient' ? 'self kubelet' : 'kubelet';
      const message = `Auto approving ${whose} client certificate after SubjectAccessReview.`;
      const next = this.#withCondition(request, 'Approved', 'AutoApproved', message);
      await this.#options.client.update(CertificateSigningRequest, next, { subresource: 'approval' });
      return;
    }
  }

  /** Whether who made the request may have it without being asked. */
  async #isAllowed({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> {
    const { username: user = '', groups = [], uid, extra } = spec;
    const resourceAttributes = { verb: 'create', group: 'certificates.k8s.io', resource: 'certificatesigningrequests', subresource };
    const { status } = await this.#options.client.create(SubjectAccessReview, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec: { user, groups, ...(uid && { uid }), ...(extra && { extra }), resourceAttributes },
    });
    return status?.allowed === true;
  }

  /**
   * What the rules forbid fails, for good. As in Kubernetes, what cannot be read or is not signed with its own key does not: the
   * API takes no such requests any more, and those that it took are tried again until somebody deletes them.
   */
  async #sign(request: CertificateSigningRequest): Promise<void> {
    const { signerName, usages = [], expirationSeconds = secondsDefault } = request.spec;
    const asked = readRequest(request);
    const problem = refusal(signerName, usages, asked);
    if (problem !== undefined) {
      const failed = this.#withCondition(request, 'Failed', 'SignerValidationFailure', problem);
      await this.#options.client.updateStatus(CertificateSigningRequest, failed);
      return;
    }
    const unsigned = signatureProblem(asked.request);
    if (unsigned !== undefined) throw new Error(unsigned);
    const secondsMax = signerName === serviceServingSigner ? secondsMaxOfServices : secondsDefault;
    const lifetimeSeconds = Math.max(secondsMin, Math.min(expirationSeconds, secondsMax));
    const pem = await this.#options.authority.signRequest(asked.request, usages, lifetimeSeconds * 1000);
    const status = { ...request.status, certificate: Buffer.from(pem).toString('base64') };
    await this.#options.client.updateStatus(CertificateSigningRequest, { ...request, status });
  }

  #withCondition(request: CertificateSigningRequest, type: string, reason: string, message: string): CertificateSigningRequest {
    const now = timestamp(this.#options.clock);
    const next = deepClone(request);
    const condition = { type, status: 'True', reason, message, lastUpdateTime: now, lastTransitionTime: now };
    next.status = { ...next.status, conditions: [...(next.status?.conditions ?? []), condition] };
    return next;
  }
}

function readOrNothing(request: CertificateSigningRequest): Asked | undefined {
  try {
    return readRequest(request);
  } catch {
    // Nobody may have it without being asked.
    return undefined;
  }
}
