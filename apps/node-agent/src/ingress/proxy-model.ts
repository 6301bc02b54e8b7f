// What the proxy is to do, from Ingresses, services and their endpoints: tables that say which backend gets a request, the endpoints of each
// backend, and certificates. Pure. What stands in names and paths here goes into the proxy's files: only what cannot be taken for anything
// else gets through.
import { type IngressRoute, ingressBackendPort, ingressRouting, type Service } from '@berth/api';
import { type Endpoint, endpointsOf, slicesByService, slicesOf } from '../network/endpoints.ts';
import type { IngressState } from './ingress.ts';

export interface ProxyBackend {
  /** `namespace:service:port`. */
  name: string;
  endpoints: Endpoint[];
  /** Clients stay with their endpoint, by address. */
  sticky: boolean;
  /** Endpoints speak HTTP/2 without TLS. */
  http2: boolean;
}

export interface ProxyCertificate {
  /** A file name. */
  name: string;
  /** Certificates and key, PEM. */
  pem: string;
  /** Names that clients ask for; never empty. */
  hosts: string[];
}

export interface ProxyModel {
  /** Host and whole path → backend. */
  exact: Map<string, string>;
  /** Host and path with a slash at its end → backend; of several the longest counts. */
  prefix: Map<string, string>;
  /** Host → backend, for what neither of them has; `*` is every host. */
  defaults: Map<string, string>;
  /** By name. */
  backends: ProxyBackend[];
  certificates: ProxyCertificate[];
}

/** The backend of whatever cannot be served: requests get 503. */
export const unavailable = 'unavailable';
export const anyHost = '*';

const hostPattern = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const pathPattern = /^(\/[\x21-\x7e]*)?$/;
const backendPattern = /^[a-z0-9-]+:[a-z0-9-]+:\d+$/;
const filePattern = /^[a-z0-9-]+_[a-z0-9.-]+$/;

export function proxyModel({ ingresses, certificates, services, endpointSlices }: IngressState): ProxyModel {
  const routing = ingressRouting(ingresses);
  const backends = new Backends(services, endpointSlices);
  const model: ProxyModel = { exact: new Map(), prefix: new Map(), defaults: new Map(), backends: [], certificates: [] };
  for (const { host, match, path, namespace, backend } of routing.routes) {
    if (!isHost(host) || !pathPattern.test(path)) continue;
    const table = match === 'exact' ? model.exact : model.prefix;
    table.set(match === 'exact' ? `${host}${path}` : `${host}${path}/`, backends.nameOf(namespace, backend));
  }
  for (const { host, namespace, backend } of routing.defaults) {
    if (isHost(host)) model.defaults.set(host || anyHost, backends.nameOf(namespace, backend));
  }
  model.backends = backends.all();
  model.certificates = certificatesOf(routing.certificates, certificates);
  return model;
}

function isHost(host: string): boolean {
  return host === '' || hostPattern.test(host);
}

class Backends {
  readonly #services: Map<string, Service>;
  readonly #slices: ReturnType<typeof slicesByService>;
  readonly #found = new Map<string, ProxyBackend>();

  constructor(services: IngressState['services'], endpointSlices: IngressState['endpointSlices']) {
    this.#services = new Map(services.map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]));
    this.#slices = slicesByService(endpointSlices);
  }

  nameOf(namespace: string, backend: IngressRoute['backend']): string {
    const service = this.#services.get(`${namespace}/${backend.service?.name}`);
    const { port } = ingressBackendPort(backend, service);
    if (!service || !port) return unavailable;
    const name = `${namespace}:${service.metadata.name}:${port.port}`;
    if (!backendPattern.test(name)) return unavailable;
    if (this.#found.has(name)) return name;
    this.#found.set(name, {
      name,
      endpoints: endpointsOf(port, slicesOf(this.#slices, service), undefined),
      sticky: service.spec.sessionAffinity === 'ClientIP',
      http2: port.appProtocol === 'kubernetes.io/h2c',
    });
    return name;
  }

  all(): ProxyBackend[] {
    return [...this.#found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Each host has one certificate; hosts that an Ingress names come before those that stand in a certificate alone. */
function certificatesOf(
  uses: ReturnType<typeof ingressRouting>['certificates'],
  certificates: IngressState['certificates'],
): ProxyCertificate[] {
  const bySecret = new Map(certificates.map((each) => [`${each.metadata.namespace}/${each.metadata.name}`, each]));
  const taken = new Set(uses.flatMap(({ host }) => host || []));
  const hostsOf = new Map<string, string[]>();
  for (const { host, namespace, secretName } of [...uses].sort((a, b) => Number(a.host === '') - Number(b.host === ''))) {
    const key = `${namespace}/${secretName}`;
    const names = bySecret.get(key)?.spec.names ?? [];
    const hosts = host ? [host] : names.filter((name) => !taken.has(name));
    for (const each of hosts) taken.add(each);
    hostsOf.set(key, [...(hostsOf.get(key) ?? []), ...hosts.filter((each) => each !== '' && isHost(each))]);
  }
  return [...hostsOf].flatMap(([key, hosts]) => {
    const found = bySecret.get(key);
    const name = key.replace('/', '_');
    if (!found || hosts.length === 0 || !filePattern.test(name)) return [];
    return [{ name, pem: `${found.spec.certificate}${found.spec.key}`, hosts: hosts.sort() }];
  });
}
