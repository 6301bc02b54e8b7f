// ValidatingWebhookConfiguration: all webhooks that a request concerns are asked at once about the object as it will be stored.
import { ValidatingWebhookConfiguration } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { erased } from '../../kinds-by-name.ts';
import type { DynamicRequest, DynamicValidation } from '../admission.ts';
import type { ReviewedObjects } from './admission-review.ts';
import { type Asked, objectsIn, WebhookCalls, type WebhooksOptions } from './webhook-calls.ts';
import { WebhooksInForce } from './webhooks-in-force.ts';

const failedOpenPrefix = 'failed-open.validating.webhook.admission.k8s.io/round_0_index_';

export class ValidatingWebhooks implements DynamicValidation {
  readonly name = 'ValidatingAdmissionWebhook';
  readonly #calls: WebhookCalls;
  readonly #inForce: WebhooksInForce;

  constructor(options: WebhooksOptions) {
    this.#calls = new WebhookCalls(options, 'validating');
    this.#inForce = new WebhooksInForce(options.cache, erased(ValidatingWebhookConfiguration));
  }

  get isIdle(): boolean {
    return this.#inForce.current().length === 0;
  }

  async validate(request: DynamicRequest): Promise<void> {
    // Nobody is to lock themselves out of what would let them in again.
    if (request.kind.group === 'admissionregistration.k8s.io') return;
    const asked: Asked[] = [];
    const shown = new Map<KindDefinition, ReviewedObjects>();
    for (const webhook of this.#inForce.current()) {
      const match = await this.#calls.concern(webhook, request);
      if (!match) continue;
      const objects = shown.get(match.resource) ?? (await objectsIn(request, match.resource));
      shown.set(match.resource, objects);
      asked.push({ webhook, request, match, objects });
    }
    const outcomes = await Promise.allSettled(asked.map((one, index) => this.#ask(one, index)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #ask(asked: Asked, index: number): Promise<void> {
    const isAllowed = await this.#calls.ask(asked, () => true);
    if (isAllowed === undefined) asked.request.audit?.annotate(`${failedOpenPrefix}${index}`, asked.webhook.name);
  }
}
