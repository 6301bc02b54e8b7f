// Who writes something, as the store keeps it beside every write: the verb with its subresource, the client's program, the user. A line each,
// the user's name last, so that nothing that stands in it can be taken for another part.
import type { Call, WriteSettings } from './types.ts';

export interface WriteAuthor {
  /** Such as `create`, `apply`, `patch/status`, `create/eviction`. */
  verb: string;
  /** The first word of the user agent; empty where the client did not say. */
  client: string;
  user: string;
}

const clientLengthMax = 64;
const notName = /[^\w.+@-]/;

export function writeAuthor(verb: string, { user, subresource }: Call, { userAgent = '' }: WriteSettings): string {
  const end = userAgent.search(notName);
  const client = (end < 0 ? userAgent : userAgent.slice(0, end)).slice(0, clientLengthMax);
  return `${verb}${subresource ? `/${subresource}` : ''}\n${client}\n${user.name}`;
}

/** @returns undefined for what is no author of ours */
export function readAuthor(text: string): WriteAuthor | undefined {
  const [verb, client, ...user] = text.split('\n');
  return verb !== undefined && client !== undefined && user.length > 0 ? { verb, client, user: user.join('\n') } : undefined;
}
