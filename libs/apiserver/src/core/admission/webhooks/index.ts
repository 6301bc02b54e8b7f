// Webhooks that users configure: what they change of objects, and what they refuse.
export { MutatingWebhooks } from './mutating-webhooks.ts';
export { ValidatingWebhooks } from './validating-webhooks.ts';
export type { WebhooksOptions } from './webhook-calls.ts';
