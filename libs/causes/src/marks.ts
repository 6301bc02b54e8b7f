// By which causes and what follows from them find each other, where neither is an object that the other names.

/** All that asks which kinds there are. */
export const discoveryMark = 'Discovery';

/** What needs a group of the API. */
export function apiServiceMark(group = ''): string {
  return `APIGroup/${group}`;
}

/** What a webhook refuses. */
export function webhookMark(webhook: string): string {
  return `Webhook/${webhook}`;
}
