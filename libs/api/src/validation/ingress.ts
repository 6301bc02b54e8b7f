// Ingresses and their classes: hosts that DNS can name, paths that match without surprises, backends that are one thing.
import type { TypedLocalObjectReference } from '../generated/core-v1.types.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressRule,
  IngressServiceBackend,
  IngressTLS,
} from '../generated/networking-v1.types.ts';
import {
  each,
  type FieldError,
  forbidden,
  immutable,
  invalid,
  invalidAll,
  notSupported,
  required,
  shownMember,
  tooLong,
} from './errors.ts';
import { isLegacyAddress, legacyAddress } from './legacy-ip.ts';
import { dns1035Label, dnsLabel, dnsSubdomain, pathSegment, portName, portNumber, wildcardSubdomain } from './names.ts';

const classAnnotation = 'kubernetes.io/ingress.class';
const controllerBytesMax = 250;
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badEndings = ['/..', '/.'];
const notAbsolute = 'must be an absolute path';

export function validateIngressFields(ingress: Ingress): FieldError[] {
  const spec = ingress.spec ?? {};
  const errors: FieldError[] = [];
  if (!spec.rules?.length && !spec.defaultBackend) {
    errors.push(invalid('spec', shownMember(spec, 'rules'), 'either `defaultBackend` or `rules` must be specified'));
  }
  if (spec.defaultBackend) errors.push(...backend(spec.defaultBackend, 'spec.defaultBackend'));
  errors.push(...each(spec.rules, 'spec.rules', rule), ...each(spec.tls, 'spec.tls', tls));
  if (spec.ingressClassName !== undefined)
    errors.push(...invalidAll('spec.ingressClassName', spec.ingressClassName, dnsSubdomain(spec.ingressClassName)));
  return errors;
}

/** A new ingress that names its class in both ways names one; one that is stored already may be on its way from the old to the new. */
export function validateIngressClassOnce({ metadata, spec }: Ingress): FieldError[] {
  const annotation = metadata.annotations?.[classAnnotation];
  const name = spec?.ingressClassName;
  if (annotation === undefined || name === undefined || annotation === name) return [];
  return [invalid(`annotations.${classAnnotation}`, annotation, 'must match `ingressClassName` when both are specified')];
}

function rule({ host = '', http }: IngressRule, field: string): FieldError[] {
  const errors = host ? hostName(host, `${field}.host`) : [];
  if (!http) return errors;
  if (!http.paths?.length) errors.push(required(`${field}.http.paths`));
  return [...errors, ...each(http.paths, `${field}.http.paths`, path)];
}

function hostName(host: string, field: string): FieldError[] {
  const errors = isLegacyAddress(host) ? [invalid(field, host, 'must be a DNS name, not an IP address')] : [];
  return [...errors, ...invalidAll(field, host, host.includes('*') ? wildcardSubdomain(host) : dnsSubdomain(host))];
}

function path({ path: given = '', pathType, backend: to }: HTTPIngressPath, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${field}.path`;
  if (pathType === undefined) return [required(`${field}.pathType`, 'pathType must be specified')];
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!given.startsWith('/')) errors.push(invalid(at, given, notAbsolute));
    errors.push(...badSequences.filter((bad) => given.includes(bad)).map((bad) => invalid(at, given, `must not contain '${bad}'`)));
    errors.push(...badEndings.filter((bad) => given.endsWith(bad)).map((bad) => invalid(at, given, `cannot end with '${bad}'`)));
  } else if (pathType === 'ImplementationSpecific') {
    if (given && !given.startsWith('/')) errors.push(invalid(at, given, notAbsolute));
  } else errors.push(notSupported(`${field}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix']));
  return [...errors, ...backend(to ?? {}, `${field}.backend`)];
}

function backend({ service, resource }: IngressBackend, field: string): FieldError[] {
  if (service && resource) return [invalid(field, '', 'cannot set both resource and service backends')];
  if (resource) return objectReference(resource, `${field}.resource`);
  return service ? serviceBackend(service, field) : [invalid(field, '', 'resource or service backend is required')];
}

function serviceBackend({ name, port }: IngressServiceBackend, field: string): FieldError[] {
  const errors = name ? invalidAll(`${field}.service.name`, name, dns1035Label(name)) : [required(`${field}.service.name`)];
  if (port?.name && port.number) return [...errors, invalid(field, '', 'cannot set both port name & port number')];
  if (port?.name) return [...errors, ...invalidAll(`${field}.service.port.name`, port.name, portName(port.name))];
  if (port?.number) return [...errors, ...invalidAll(`${field}.service.port.number`, port.number, portNumber(port.number))];
  return [...errors, required(field, 'port name or number is required')];
}

function objectReference({ apiGroup, kind, name }: TypedLocalObjectReference, field: string): FieldError[] {
  return [
    ...(apiGroup !== undefined ? invalidAll(`${field}.apiGroup`, apiGroup, dnsSubdomain(apiGroup)) : []),
    ...(kind ? invalidAll(`${field}.kind`, kind, pathSegment(kind)) : [required(`${field}.kind`)]),
    ...(name ? invalidAll(`${field}.name`, name, pathSegment(name)) : [required(`${field}.name`)]),
  ];
}

function tls({ hosts, secretName }: IngressTLS, field: string): FieldError[] {
  return [
    ...each(hosts, `${field}.hosts`, (host, at) => invalidAll(at, host, host.includes('*') ? wildcardSubdomain(host) : dnsSubdomain(host))),
    ...(secretName ? invalidAll(`${field}.secretName`, secretName, dnsSubdomain(secretName)) : []),
  ];
}

export function validateIngressStatus({ status }: Ingress): FieldError[] {
  return each(status?.loadBalancer?.ingress, 'status.loadBalancer.ingress', ({ ip, hostname }, field) => {
    const errors = ip ? legacyAddress(ip, `${field}.ip`) : [];
    if (!hostname) return errors;
    const at = `${field}.hostname`;
    if (isLegacyAddress(hostname)) errors.push(invalid(at, hostname, 'must be a DNS name, not an IP address'));
    return [...errors, ...invalidAll(at, hostname, dnsSubdomain(hostname))];
  });
}

export function validateIngressClassFields({ spec }: IngressClass): FieldError[] {
  const { controller = '', parameters } = spec ?? {};
  const errors = controller.length > controllerBytesMax ? [tooLong('spec.controller', controllerBytesMax)] : [];
  errors.push(...domainPrefixedPath(controller, 'spec.controller'));
  if (!parameters) return errors;
  const field = 'spec.parameters';
  const { scope, namespace } = parameters;
  errors.push(...objectReference(parameters, field));
  if (scope === undefined) errors.push(required(`${field}.scope`));
  else if (scope === 'Namespace') {
    const missing = [required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'")];
    errors.push(...(namespace !== undefined ? invalidAll(`${field}.namespace`, namespace, dnsLabel(namespace)) : missing));
  } else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  } else errors.push(notSupported(`${field}.scope`, scope, ['Cluster', 'Namespace']));
  return errors;
}

function domainPrefixedPath(text: string, field: string): FieldError[] {
  if (!text) return [required(field)];
  const slash = text.indexOf('/');
  if (slash <= 0 || slash === text.length - 1) return [invalid(field, text, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const form = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
  const rest = text.slice(slash + 1);
  const isPath = rest.length <= 4096 && new RegExp(`^${form}$`).test(rest);
  return [
    ...invalidAll(field, text.slice(0, slash), dnsSubdomain(text.slice(0, slash))),
    ...(isPath ? [] : [invalid(field, rest, `Invalid path (regex used for validation is '${form}')`)]),
  ];
}

export function validateIngressClassUpdate(next: IngressClass, old: IngressClass): FieldError[] {
  return next.spec?.controller === old.spec?.controller ? [] : [invalid('spec.controller', next.spec?.controller ?? '', immutable)];
}
