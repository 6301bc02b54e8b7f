// Probes and lifecycle hooks: exactly one handler each, with sensible timings.
import type { Container, Lifecycle, LifecycleHandler, Probe, ProbeHandler } from '../generated/core-v1.types.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, nonNegative, oneOf, required } from './errors.ts';
import { httpHeaderName, portNumber, portNumberOrName } from './names.ts';

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;
type Handler = ProbeHandler & LifecycleHandler;

/** @param graceSeconds bounds how long a `sleep` hook may take. */
function handler(given: Handler, graceSeconds: number, field: string): FieldError[] {
  const present = handlers.filter((name) => given[name]);
  const errors: FieldError[] = present.slice(1).map((name) => forbidden(`${field}.${name}`, 'may not specify more than 1 handler type'));
  const [first] = present;
  if (first === undefined) return [required(field, 'must specify a handler type')];
  return [...errors, ...soleHandler({ [first]: given[first] }, graceSeconds, field)];
}

function soleHandler(given: Handler, graceSeconds: number, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (given.exec && (given.exec.command?.length ?? 0) === 0) errors.push(required(`${field}.exec.command`));
  if (given.httpGet) {
    const http = given.httpGet;
    const path = `${field}.httpGet`;
    if (!http.path) errors.push(required(`${path}.path`));
    errors.push(...port(http.port, `${path}.port`), ...oneOf(`${path}.scheme`, http.scheme, ['HTTP', 'HTTPS']));
    errors.push(
      ...each(http.httpHeaders, `${path}.httpHeaders`, (header) =>
        invalidAll(`${path}.httpHeaders`, header.name ?? '', httpHeaderName(header.name ?? '')),
      ),
    );
  }
  if (given.tcpSocket) errors.push(...port(given.tcpSocket.port, `${field}.tcpSocket.port`));
  if (given.grpc) errors.push(...invalidAll(`${field}.grpc.port`, given.grpc.port ?? 0, portNumber(given.grpc.port ?? 0)));
  if (given.sleep) {
    const { seconds } = given.sleep;
    if (seconds < 0 || seconds > graceSeconds) {
      errors.push(invalid(`${field}.sleep`, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`));
    }
  }
  return errors;
}

function port(value: number | string | undefined, field: string): FieldError[] {
  return invalidAll(field, value ?? 0, portNumberOrName(value ?? 0));
}

function probe(given: Probe | undefined, graceSeconds: number, field: string): FieldError[] {
  if (!given) return [];
  const errors = handler(given, graceSeconds, field);
  for (const key of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    errors.push(...nonNegative(`${field}.${key}`, given[key]));
  }
  const grace = given.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  return errors;
}

/** The three probes of a container that may have them. */
export function probes(container: Container, graceSeconds: number, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const given = container[name];
    const path = `${field}.${name}`;
    errors.push(...probe(given, graceSeconds, path));
    if (!given) continue;
    if (name === 'readinessProbe') {
      const grace = given.terminationGracePeriodSeconds;
      if (grace !== undefined) errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'));
    } else if (given.successThreshold !== 1) {
      errors.push(invalid(`${path}.successThreshold`, given.successThreshold, 'must be 1'));
    }
  }
  return errors;
}

export function lifecycle(given: Lifecycle | undefined, graceSeconds: number, field: string): FieldError[] {
  return (['postStart', 'preStop'] as const).flatMap((name) => {
    const hook = given?.[name];
    return hook ? handler(hook, graceSeconds, `${field}.${name}`) : [];
  });
}
