// What a request must name, and what it may not ask for, before anything is done about it.
import { StatusError } from '@berth/machinery';
import type { Call } from './types.ts';

export function requireName(call: Call): string {
  if (!call.name) throw StatusError.badRequest('name must be provided');
  if (call.kind.namespaced && !call.namespace) throw StatusError.badRequest('namespace must be provided');
  return call.name;
}

export function required<Method>(method: Method | undefined): Method {
  if (!method) throw notAllowed();
  return method;
}

export function notAllowed(): StatusError {
  return StatusError.methodNotAllowed('the server does not allow this method on the requested resource');
}
