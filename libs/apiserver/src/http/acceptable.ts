// What no clause of an Accept header asks for is refused in two ways, as in Kubernetes: by its router, which knows what a route gives
// and reads no parameters, and by what would write the answer, which knows every form that it has.
import type { IncomingMessage } from 'node:http';
import { StatusError } from '@berth/machinery';
import { mediaTypes } from './media-types.ts';

/** What objects can be written as. */
export const objectTypes: readonly string[] = mediaTypes.map(({ type, subtype }) => `${type}/${subtype}`);

/** @param given what the route gives: one of these has to be named. @throws StatusError 406 */
export function checkProduced({ headers }: Pick<IncomingMessage, 'headers'>, given: readonly string[]): void {
  const { accept } = headers;
  if (!accept) return;
  const types = accept.split(',').map((range) => (range.split(';', 1)[0] ?? '').trim());
  if (types.some((type) => type === '*/*' || given.includes(type))) return;
  throw notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${given.join(', ')}`, {});
}

/** Of whoever would write the answer. */
export function noneAccepted(given: readonly string[]): StatusError {
  return notAcceptable(`only the following media types are accepted: ${given.join(', ')}`);
}

export function notAcceptable(message: string, details?: object): StatusError {
  return new StatusError(406, 'NotAcceptable', message, details);
}
