// MutatingWebhookConfiguration: webhooks change objects one after the other, and those that want to see what came after them are asked
// once more.
import { MutatingWebhookConfiguration } from '@berth/api';
import { deepClone, deepEqual } from '@berth/machinery';
import { erased } from '../../kinds-by-name.ts';
import type { DynamicMutation, DynamicRequest, Mutation } from '../admission.ts';
import { objectsIn, WebhookCalls, type WebhooksOptions } from './webhook-calls.ts';
import { applyPatch, patchOf } from './webhook-patch.ts';
import { type Webhook, WebhooksInForce } from './webhooks-in-force.ts';

const mutationPrefix = 'mutation.webhook.admission.k8s.io/';
const patchPrefix = 'patch.webhook.admission.k8s.io/';
const failedOpenPrefix = `failed-open.${mutationPrefix}`;

export class MutatingWebhooks implements DynamicMutation {
  readonly name = 'MutatingAdmissionWebhook';
  readonly #calls: WebhookCalls;
  readonly #inForce: WebhooksInForce;

  constructor(options: WebhooksOptions) {
    this.#calls = new WebhookCalls(options, 'admit');
    this.#inForce = new WebhooksInForce(options.cache, erased(MutatingWebhookConfiguration));
  }

  get isIdle(): boolean {
    return this.#inForce.current().length === 0;
  }

  async mutate(request: DynamicRequest): Promise<Mutation> {
    // Nobody is to lock themselves out of what would let them in again.
    if (request.kind.group === 'admissionregistration.k8s.io') return { isChanged: false, again: async () => {} };
    const pass = new Pass(this.#calls, this.#inForce.current(), request);
    return { isChanged: await pass.run(0), again: async () => void (await pass.run(1)) };
  }
}

class Pass {
  readonly #calls: WebhookCalls;
  readonly #webhooks: readonly Webhook[];
  readonly #request: DynamicRequest;
  /** Those that ask to be asked again, before the last change. */
  #before = new Set<Webhook>();
  readonly #again = new Set<Webhook>();
  #last: unknown;

  constructor(calls: WebhookCalls, webhooks: readonly Webhook[], request: DynamicRequest) {
    this.#calls = calls;
    this.#webhooks = webhooks;
    this.#request = request;
  }

  /** @returns whether anything was changed */
  async run(round: 0 | 1): Promise<boolean> {
    // The server's own plugins came in between.
    if (round === 1 && !deepEqual(this.#last, this.#request.object)) this.#askAgain();
    let isChanged = false;
    for (const [index, webhook] of this.#webhooks.entries()) {
      const match = await this.#calls.concern(webhook, this.#request);
      if (!match || (round === 1 && !this.#again.has(webhook))) continue;
      if (await this.#ask(webhook, match, `round_${round}_index_${index}`)) {
        isChanged = true;
        this.#askAgain();
      }
      if (webhook.hook.reinvocationPolicy === 'IfNeeded') this.#before.add(webhook);
    }
    // What nobody may be asked again about is not remembered.
    if (round === 0 && this.#before.size + this.#again.size > 0) this.#last = deepClone(this.#request.object);
    return isChanged;
  }

  #askAgain(): void {
    for (const webhook of this.#before) this.#again.add(webhook);
    this.#before = new Set();
  }

  async #ask(webhook: Webhook, match: Awaited<ReturnType<WebhookCalls['concern']>> & object, at: string): Promise<boolean> {
    const request = this.#request;
    const { audit } = request;
    const { name, configuration } = webhook;
    const asked = { webhook, request, match, objects: await objectsIn(request, match.resource) };
    let mutated = false;
    try {
      const used = await this.#calls.ask(asked, async (response) => {
        const patch = patchOf(name, response);
        if (!patch) return true;
        mutated = await applyPatch(asked, patch);
        audit?.annotate(patchPrefix + at, JSON.stringify({ configuration, webhook: name, patch, patchType: 'JSONPatch' }), 'Request');
        return true;
      });
      if (used === undefined) audit?.annotate(failedOpenPrefix + at, name);
      return mutated;
    } finally {
      audit?.annotate(mutationPrefix + at, JSON.stringify({ configuration, webhook: name, mutated }));
    }
  }
}
