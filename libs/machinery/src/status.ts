// Errors as the Kubernetes API states them: a typed error that carries the Status object a client receives.
// Messages follow the ones Kubernetes' clients match on (k8s.io/apimachinery/pkg/api/errors).
import { escapedForHtml, goQuoted } from './go-escapes.ts';
import type { FieldError } from './kind.ts';

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: { name?: string; group?: string; kind?: string; uid?: string; causes?: StatusCause[]; retryAfterSeconds?: number };
  code?: number;
}

type Details = NonNullable<Status['details']>;
/** Which resource an error is about; `plural` and `group` of a kind definition. */
export interface Resource {
  group: string;
  plural: string;
}

/** An API failure; `status` is what goes over the wire, `code` its HTTP status. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: Details) {
    super(message);
    this.name = 'StatusError';
    this.status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...(details && { details }), code };
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? 'Unknown';
  }

  static from(status: Status): StatusError {
    return new StatusError(status.code ?? 500, status.reason ?? 'Unknown', status.message ?? 'unknown error', status.details);
  }

  static notFound(resource: Resource, name: string): StatusError {
    return new StatusError(404, 'NotFound', `${qualified(resource)} ${goQuoted(name)} not found`, about(resource, name));
  }

  static alreadyExists(resource: Resource, name: string): StatusError {
    return new StatusError(409, 'AlreadyExists', `${qualified(resource)} ${goQuoted(name)} already exists`, about(resource, name));
  }

  static conflict(resource: Resource, name: string, detail: string): StatusError {
    return new StatusError(
      409,
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(resource)} ${goQuoted(name)}: ${detail}`,
      about(resource, name),
    );
  }

  static forbidden(resource: Resource, name: string, detail: string): StatusError {
    return new StatusError(
      403,
      'Forbidden',
      `${qualified(resource)}${name && ` ${goQuoted(name)}`} is forbidden: ${detail}`,
      about(resource, name),
    );
  }

  /** @param kind the kind's name, for `Pod "web" is invalid`. */
  static invalid(kind: { group: string; kind: string }, name: string, errors: FieldError[]): StatusError {
    const causes = errors.map((e) => ({
      reason: e.type === 'Internal' ? 'InternalError' : `FieldValue${e.type}`,
      message: fieldMessage(e),
      field: e.field,
    }));
    const lines = [...new Set(errors.map((e) => `${e.field}: ${fieldMessage(e)}`))];
    const detail = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
    const title = kind.group ? `${kind.kind}.${kind.group}` : kind.kind;
    return new StatusError(422, 'Invalid', `${title} ${goQuoted(name)} is invalid: ${detail}`, {
      ...(name && { name }),
      ...(kind.group && { group: kind.group }),
      ...(kind.kind && { kind: kind.kind }),
      causes,
    });
  }

  static badRequest(message: string): StatusError {
    return new StatusError(400, 'BadRequest', message);
  }

  /** There is no such path. The empty details are what kubectl tells an unknown subresource from a missing object by. */
  static noSuchResource(): StatusError {
    return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
  }

  static methodNotAllowed(message: string, details?: Details): StatusError {
    return new StatusError(405, 'MethodNotAllowed', message, details);
  }

  static unsupportedMediaType(message: string, details?: Details): StatusError {
    return new StatusError(415, 'UnsupportedMediaType', message, details);
  }

  static tooLarge(detail: string): StatusError {
    return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${detail}`);
  }

  static unauthorized(): StatusError {
    return new StatusError(401, 'Unauthorized', 'Unauthorized');
  }

  /** A revision that compaction removed; watchers list again. */
  static expired(message: string): StatusError {
    return new StatusError(410, 'Expired', message);
  }

  static unavailable(message: string, retryAfterSeconds = 1): StatusError {
    return new StatusError(503, 'ServiceUnavailable', message, { retryAfterSeconds });
  }

  static timeout(message: string): StatusError {
    return new StatusError(504, 'Timeout', message);
  }

  static tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
    return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
  }

  static internal(message: string): StatusError {
    return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
  }
}

/** Whether an error is an API failure with this reason, e.g. `isReason(error, 'NotFound')`. */
export function isReason(error: unknown, reason: string): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}

function qualified(resource: Resource): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
}

function about(resource: Resource, name: string): Details {
  return { ...(name && { name }), ...(resource.group && { group: resource.group }), kind: resource.plural };
}

/** The text behind the field's path, as Kubernetes' field errors print it. */
export function fieldMessage(error: FieldError): string {
  const labels: Record<FieldError['type'], string> = {
    Required: 'Required value',
    Invalid: 'Invalid value',
    NotSupported: 'Unsupported value',
    Duplicate: 'Duplicate value',
    Forbidden: 'Forbidden',
    TooLong: 'Too long',
    TooMany: 'Too many',
    NotFound: 'Not found',
    TypeInvalid: 'Invalid value',
    Internal: 'Internal error',
  };
  // Nothing is shown as Go shows it: as null.
  const given = error.type === 'TypeInvalid' || error.isValueOmitted ? error.value : (error.value ?? null);
  const shown = ['Invalid', 'NotSupported', 'Duplicate', 'NotFound', 'TypeInvalid', 'TooMany'].includes(error.type) && given !== undefined;
  const text = typeof given === 'string' ? goQuoted(given) : escapedForHtml(JSON.stringify(given) ?? '');
  const value = shown ? `: ${text}` : '';
  return `${labels[error.type]}${value}${error.detail && `: ${error.detail}`}`;
}
