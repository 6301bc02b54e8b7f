// One webhook and one request: whether it is its concern, what it is asked, and how that is counted.
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Clock, Random } from '@berth/telemetry';
import type { Authorizer } from '../../authorizer.ts';
import { inVersion } from '../../kind-versions.ts';
import type { KindsByName } from '../../kinds-by-name.ts';
import type { CoreMetrics } from '../../types.ts';
import type { WatchCache } from '../../watch-cache.ts';
import { WebhookCallError, type WebhookClient } from '../../webhooks/index.ts';
import type { DynamicRequest } from '../admission.ts';
import { requestedKind } from '../expressions/index.ts';
import { type Match, RequestObjects, RequestValues } from '../matching/index.ts';
import { type ReviewedObjects, type ReviewResponse, reviewOf, reviewVersion, verifiedResponse } from './admission-review.ts';
import { CallFailure, Denial, denial, dryRunUnsupported } from './webhook-errors.ts';
import type { Webhook } from './webhooks-in-force.ts';

const defaultTimeoutSeconds = 10;
const safeOnDryRun = ['None', 'NoneOnDryRun'];

export interface WebhooksOptions {
  client: Pick<WebhookClient, 'call'>;
  cache: WatchCache;
  kinds: KindsByName;
  clock: Clock;
  random: Random;
  authorizer: Authorizer;
  metrics: CoreMetrics;
  /** As new as what was written before the request. */
  namespace(name: string): Promise<KubeObject | undefined>;
}

export interface Asked {
  webhook: Webhook;
  request: DynamicRequest;
  match: Match;
  objects: ReviewedObjects;
}

export class WebhookCalls {
  readonly #options: WebhooksOptions;
  readonly #type: 'admit' | 'validating';

  /** @param type as metrics call it */
  constructor(options: WebhooksOptions, type: 'admit' | 'validating') {
    this.#options = options;
    this.#type = type;
  }

  /** Undefined when the request is none of its concern. @throws StatusError when that cannot be said */
  async concern({ criteria, conditions }: Webhook, request: DynamicRequest): Promise<Match | undefined> {
    const { kinds, namespace, authorizer } = this.#options;
    const match = await criteria.match(request, { kinds: () => kinds.all, namespace });
    if (!match || !conditions) return match;
    const objects = await new RequestObjects(request).in(match.resource);
    const { matches, error } = await conditions.evaluate(new RequestValues({ facts: request, objects, match, authorizer }));
    if (error !== undefined) throw StatusError.forbidden(requestedKind(request), request.name, error);
    return matches ? match : undefined;
  }

  /** @throws Denial, CallFailure, or a StatusError for what is neither @returns undefined when the call failed and that is no matter */
  async ask<T>(asked: Asked, use: (response: ReviewResponse) => T | Promise<T>): Promise<T | undefined> {
    const { clock, metrics } = this.#options;
    const { webhook, request } = asked;
    const { name, failsOpen } = webhook;
    const startMs = clock.monotonicMs();
    const observed = (code: number, rejection?: string) => {
      const seconds = (clock.monotonicMs() - startMs) / 1000;
      metrics.webhookAsked({ name, type: this.#type, operation: request.operation, seconds, code, rejection });
    };
    try {
      const used = await use(await this.#answer(asked));
      observed(200);
      return used;
    } catch (error) {
      if (!(error instanceof CallFailure)) {
        observed(error instanceof Denial ? error.code : 0, error instanceof Denial ? 'no_error' : 'apiserver_internal_error');
        throw error;
      }
      observed(error.code, failsOpen ? undefined : error.canceled ? '' : 'calling_webhook_error');
      if (!failsOpen) throw StatusError.internal(error.message);
      if (request.signal?.aborted) throw StatusError.timeout('request did not complete within requested timeout');
      metrics.webhookFailedOpen(name, this.#type);
      return undefined;
    }
  }

  async #answer({ webhook, request, match, objects }: Asked): Promise<ReviewResponse> {
    const { hook, name } = webhook;
    if (request.dryRun && !safeOnDryRun.includes(hook.sideEffects ?? '')) throw dryRunUnsupported(name);
    const version = reviewVersion(hook.admissionReviewVersions);
    if (!version) {
      const reason = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
      throw new CallFailure(name, `could not create admission objects: ${reason}`, 400);
    }
    const uid = this.#options.random.uuid();
    const answer = await this.#call(webhook, reviewOf(version, uid, request, match, objects), request.signal);
    let response: ReviewResponse;
    try {
      response = verifiedResponse(version, uid, this.#type === 'admit', answer);
    } catch (error) {
      throw new CallFailure(name, `received invalid webhook response: ${(error as Error).message}`, 503);
    }
    for (const [key, value] of Object.entries(response.auditAnnotations)) request.audit?.annotate(`${name}/${key}`, value);
    request.warnings.push(...response.warnings);
    if (!response.allowed) throw denial(name, response.status);
    return response;
  }

  async #call({ hook, name }: Webhook, review: object, signal: AbortSignal | undefined): Promise<unknown> {
    const { clientConfig = {}, timeoutSeconds = defaultTimeoutSeconds } = hook;
    try {
      return await this.#options.client.call(clientConfig, review, { timeoutMs: timeoutSeconds * 1000, signal });
    } catch (error) {
      if (!(error instanceof WebhookCallError)) throw error;
      throw new CallFailure(name, `failed to call webhook: ${error.message}`, error.code ?? 503, error.canceled);
    }
  }
}

/** The objects of a request in the version that matched. @throws StatusError for what cannot be converted */
export async function objectsIn(request: DynamicRequest, resource: KindDefinition): Promise<ReviewedObjects> {
  const { kind, bodyKind, object, old } = request;
  if (bodyKind || resource === kind) return { object, old };
  return { object: object && (await inVersion(object, kind, resource)), old: old && (await inVersion(old, kind, resource)) };
}
