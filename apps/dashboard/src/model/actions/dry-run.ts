// The same request as a trial: nothing is changed by it. Of a deletion with a body, the API reads the options there and not in the address.
import type { WriteRequest } from './action.ts';

export interface DryRun {
  request: WriteRequest;
  query: Record<string, string>;
}

export function dryRunOf(request: WriteRequest): DryRun {
  const isDeletion = request.method === 'DELETE';
  const body = isDeletion ? { apiVersion: 'v1', kind: 'DeleteOptions', ...(request.body as object), dryRun: ['All'] } : request.body;
  return { request: { ...request, ...(body !== undefined && { body }) }, query: { dryRun: 'All' } };
}
