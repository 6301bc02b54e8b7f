// Which requests Ingresses answer, and which of several answers what all of them want: the oldest has a host and path. Node agents make their
// proxy's tables of this, and the control plane notifies those who lost. Where Kubernetes leaves it open, as its own words suggest: a
// default backend gets what no rule of any Ingress matches.
import type { Ingress, IngressBackend } from '../generated/networking-v1.types.ts';
import { servablePath } from './servable-path.ts';

export interface IngressRoute {
  /** A name, a wildcard of one label such as `*.example.com`, or empty for any. */
  host: string;
  /** `prefix` counts in elements: `/a` is for `/a` and `/a/b`, not for `/ab`. */
  match: 'exact' | 'prefix';
  /** As it stands in requests. A prefix has no slash at its end; the empty one is everything. */
  path: string;
  namespace: string;
  backend: IngressBackend;
}

export interface IngressDefault {
  /** Empty for what comes for no host that is known. */
  host: string;
  namespace: string;
  backend: IngressBackend;
}

export interface IngressCertificateUse {
  /** Empty for all that the certificate itself names. */
  host: string;
  namespace: string;
  secretName: string;
}

export interface IngressConflict {
  ingress: Ingress;
  /** Of what it does not get, e.g. `spec.rules[0].http.paths[1]`. */
  field: string;
  /** Host and path, or host. */
  wanted: string;
  owner: Ingress;
}

export interface IngressRouting {
  /** No two with the same host, match and path. */
  routes: IngressRoute[];
  /** No two with the same host. */
  defaults: IngressDefault[];
  /** No two with the same host, but for the empty one. */
  certificates: IngressCertificateUse[];
  conflicts: IngressConflict[];
}

/** @param ingresses of one class, in any order */
export function ingressRouting(ingresses: Iterable<Ingress>): IngressRouting {
  const inOrder = [...ingresses].sort((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
  const conflicts: IngressConflict[] = [];
  const routes = new Claims<IngressRoute>(conflicts);
  const defaults = new Claims<IngressDefault>(conflicts);
  const certificates = new Claims<IngressCertificateUse>(conflicts);
  for (const ingress of inOrder) {
    claimRoutes(ingress, routes);
    claimDefaults(ingress, defaults);
    claimCertificates(ingress, certificates);
  }
  const fallback = inOrder.find(({ spec }) => spec.defaultBackend);
  if (fallback) defaults.offer('', { host: '', namespace: fallback.metadata.namespace ?? '', backend: fallback.spec.defaultBackend ?? {} });
  return { routes: routes.all(), defaults: defaults.all(), certificates: certificates.all(), conflicts };
}

/** Where an Ingress names backends. */
export function ingressBackends({ spec }: Ingress): { field: string; backend: IngressBackend }[] {
  // Also asked of what has not been validated yet.
  const { defaultBackend, rules = [] } = spec ?? {};
  const ofPaths = rules.flatMap(({ http }, rule) =>
    (http?.paths ?? []).map(({ backend }, index) => ({ field: `${pathField(rule, index)}.backend`, backend: backend ?? {} })),
  );
  return [...(defaultBackend ? [{ field: 'spec.defaultBackend', backend: defaultBackend }] : []), ...ofPaths];
}

function claimRoutes(ingress: Ingress, routes: Claims<IngressRoute>): void {
  const { namespace = '' } = ingress.metadata;
  (ingress.spec.rules ?? []).forEach(({ host = '', http }, rule) => {
    (http?.paths ?? []).forEach(({ path: given, pathType, backend }, index) => {
      const match = pathType === 'Exact' ? 'exact' : 'prefix';
      const servable = servablePath(given || '/');
      const path = match === 'exact' ? servable : servable.replace(/\/+$/, '');
      const claim = { key: `${match} ${host}${path}`, field: pathField(rule, index), wanted: `${host}${given || '/'}` };
      routes.claim(ingress, claim, { host, match, path, namespace, backend });
    });
  });
}

function claimDefaults(ingress: Ingress, defaults: Claims<IngressDefault>): void {
  const { defaultBackend: backend, rules = [] } = ingress.spec;
  const { namespace = '' } = ingress.metadata;
  if (!backend) return;
  const hosts = rules.length === 0 ? [''] : new Set(rules.map(({ host = '' }) => host));
  for (const host of hosts) {
    const claim = { key: host, field: 'spec.defaultBackend', wanted: `everything else${host && ` of ${host}`}` };
    defaults.claim(ingress, claim, { host, namespace, backend });
  }
}

function claimCertificates(ingress: Ingress, certificates: Claims<IngressCertificateUse>): void {
  const { namespace = '' } = ingress.metadata;
  (ingress.spec.tls ?? []).forEach(({ hosts = [], secretName }, index) => {
    if (!secretName) return;
    const isSame = (other: IngressCertificateUse) => other.namespace === namespace && other.secretName === secretName;
    for (const host of hosts.length > 0 ? hosts : ['']) {
      const key = host || ` ${namespace}/${secretName}`;
      certificates.claim(ingress, { key, field: `spec.tls[${index}]`, wanted: host }, { host, namespace, secretName }, isSame);
    }
  });
}

/** Things that one Ingress has, of those that want them. */
class Claims<T> {
  readonly #owners = new Map<string, { ingress: Ingress | undefined; value: T }>();
  readonly #conflicts: IngressConflict[];

  constructor(conflicts: IngressConflict[]) {
    this.#conflicts = conflicts;
  }

  claim(
    ingress: Ingress,
    { key, field, wanted }: { key: string; field: string; wanted: string },
    value: T,
    isSame: (owned: T) => boolean = () => false,
  ): void {
    const before = this.#owners.get(key);
    if (!before) this.#owners.set(key, { ingress, value });
    else if (before.ingress && !isSame(before.value)) this.#conflicts.push({ ingress, field, wanted, owner: before.ingress });
  }

  /** For whoever has not got it otherwise; nobody has lost then. */
  offer(key: string, value: T): void {
    if (!this.#owners.has(key)) this.#owners.set(key, { ingress: undefined, value });
  }

  all(): T[] {
    return [...this.#owners.values()].map(({ value }) => value);
  }
}

function pathField(rule: number, index: number): string {
  return `spec.rules[${rule}].http.paths[${index}]`;
}

/** Oldest first. */
function ageKey({ metadata }: Ingress): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.namespace}/${metadata.name}`;
}
