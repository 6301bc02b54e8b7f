// What a request must name, and what it may not ask for, before anything is done about it.
import { goQuoted, StatusError } from '@berth/machinery';
import type { Call } from './types.ts';

export function requireName(call: Call): string {
  if (!call.name) throw StatusError.badRequest('name must be provided');
  if (call.kind.namespaced && !call.namespace) throw StatusError.badRequest('namespace must be provided');
  const problem = segmentProblem(call.name);
  if (problem) throw StatusError.badRequest(`Name parameter invalid: ${goQuoted(call.name)}: ${problem}`);
  return call.name;
}

/** Why a name cannot be a segment of a path; Kubernetes' storage asks this of every name. */
function segmentProblem(name: string): string | undefined {
  if (name === '.' || name === '..') return `may not be '${name}'`;
  const wrong = ['/', '%'].filter((character) => name.includes(character));
  return wrong.length > 0 ? wrong.map((character) => `may not contain '${character}'`).join(';') : undefined;
}

export function required<Method>(method: Method | undefined): Method {
  if (!method) throw notAllowed();
  return method;
}

export function notAllowed(): StatusError {
  return StatusError.methodNotAllowed('the server does not allow this method on the requested resource', {});
}
