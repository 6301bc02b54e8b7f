// How calls of webhooks fail, in kube-apiserver's words.
import { type Status, StatusError } from '@berth/machinery';

/** A webhook that could not be asked, or whose answer is none. What becomes of the request, its failure policy says. */
export class CallFailure extends Error {
  /** As metrics count it. */
  readonly code: number;
  /** Whether it was given up, and has not failed. */
  readonly canceled: boolean;

  constructor(name: string, reason: string, code: number, canceled = false) {
    super(`failed calling webhook ${JSON.stringify(name)}: ${reason}`);
    this.name = 'CallFailure';
    this.code = code;
    this.canceled = canceled;
  }
}

/** What a webhook refuses, whatever its failure policy. */
export class Denial extends StatusError {}

const codeMin = 400;

/** @param result the `status` of its response, which may lack anything */
export function denial(name: string, result: Partial<Status> = {}): Denial {
  const { code = 0, reason = '', message = '', details, status = '', metadata = {} } = result;
  const said = message || reason;
  const deniedBy = `admission webhook ${JSON.stringify(name)} denied the request`;
  const text = said ? `${deniedBy}: ${said}` : `${deniedBy} without explanation`;
  const error = new Denial(Math.max(code, codeMin), reason, text, details);
  error.status.metadata = metadata;
  if (status !== '' && status !== 'Success') error.status.status = status;
  if (reason === '') delete error.status.reason;
  return error;
}

export function dryRunUnsupported(name: string): StatusError {
  return StatusError.badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
}
