// Which port of a service an Ingress means, or why there is none.
import type { Service, ServicePort } from '../generated/core-v1.types.ts';
import type { IngressBackend } from '../generated/networking-v1.types.ts';

export interface BackendProblem {
  reason: 'UnsupportedBackend' | 'ServiceNotFound' | 'ServicePortNotFound';
  message: string;
}

export type IngressBackendPort = { port: ServicePort; problem?: never } | { port?: never; problem: BackendProblem };

/** @param service of the Ingress' namespace, if it is there */
export function ingressBackendPort({ service: wanted }: IngressBackend, service: Service | undefined): IngressBackendPort {
  if (!wanted) return problem('UnsupportedBackend', 'only services are served, no other resources');
  if (!service) return problem('ServiceNotFound', `service ${wanted.name} does not exist`);
  if (service.spec.type === 'ExternalName') {
    return problem('UnsupportedBackend', `service ${wanted.name} is of type ExternalName, which has no endpoints`);
  }
  const { name, number } = wanted.port ?? {};
  const port = (service.spec.ports ?? []).find(
    (each) => (each.protocol ?? 'TCP') === 'TCP' && (name ? each.name === name : each.port === number),
  );
  if (port) return { port };
  return problem('ServicePortNotFound', `service ${wanted.name} has no TCP port ${name ? JSON.stringify(name) : number}`);
}

function problem(reason: BackendProblem['reason'], message: string): IngressBackendPort {
  return { problem: { reason, message } };
}
