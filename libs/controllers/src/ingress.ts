// Says of each Ingress of Berth's class where it is answered: under the addresses of the nodes that serve Ingresses, which all serve all of
// them. And says by events what of it cannot be served: services, ports and certificates that are not there, paths that an older one has.
import {
  Ingress,
  IngressClass,
  ingressBackendPort,
  ingressBackends,
  ingressClassName,
  ingressPortsAnnotation,
  ingressRouting,
  isServed,
  Node,
  Secret,
  Service,
} from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf } from '@berth/machinery';
import { servingPair } from '@berth/pki';
import { reachability } from './node-reachability.ts';

/** All are looked at together, as each may have a path that another wants. */
const allIngresses = 'all';
const controllerName = 'ingress-controller';

export interface ObservedIngresses {
  /** Of Berth's class. */
  served: Ingress[];
  /** Those with a status from when they were. */
  former: Ingress[];
  nodes: Node[];
  service(key: string): Service | undefined;
  secret(key: string): Secret | undefined;
}

interface Problem {
  reason: string;
  message: string;
}

export function ingressController(): Controller<ObservedIngresses> {
  const events = new ProblemEvents();
  return {
    name: controllerName,
    owns: ['Ingress.status.loadBalancer'],
    writes: ['ingresses.networking.k8s.io/status'],
    watches: [
      watches(Ingress, () => [allIngresses]),
      watches(IngressClass, () => [allIngresses]),
      watches(Node, (node, _caches, other) => (other && deepEqual(addressOf(node), addressOf(other)) ? [] : [allIngresses])),
      watches(Service, (service, caches) => concerned(caches, service, ingressServices)),
      watches(Secret, (secret, caches) => concerned(caches, secret, ingressSecrets)),
    ],
    observe(_key, caches) {
      const classNamed = (name: string) => caches.of(IngressClass).get(name);
      const all = caches.of(Ingress).list();
      const served = all.filter((ingress) => isServed(ingress, classNamed));
      return {
        served,
        former: all.filter((ingress) => wasServed(ingress, classNamed) && (ingress.status?.loadBalancer?.ingress ?? []).length > 0),
        nodes: caches.of(Node).list(),
        service: (key) => caches.of(Service).get(key),
        secret: (key) => caches.of(Secret).get(key),
      };
    },
    plan: (observed) => [...planStatuses(observed), ...events.about(observed)],
  };
}

/** Nobody's now: what another controller says of its own stays. */
function wasServed(ingress: Ingress, classNamed: (name: string) => IngressClass | undefined): boolean {
  const name = ingressClassName(ingress);
  return name === undefined || classNamed(name) === undefined;
}

export function planStatuses({ served, former, nodes }: Pick<ObservedIngresses, 'served' | 'former' | 'nodes'>): Action[] {
  const addresses = new Map(nodes.flatMap((node) => addressOf(node) ?? []).map((address) => [address.ip, address]));
  const ingress = [...addresses.values()].sort((a, b) => (a.ip < b.ip ? -1 : 1));
  return [...served.map((each) => statusOf(each, ingress)), ...former.map((each) => statusOf(each, []))].flatMap((write) => write ?? []);
}

function statusOf(object: Ingress, ingress: { ip: string }[]): Action | undefined {
  if (deepEqual(object.status?.loadBalancer?.ingress ?? [], ingress)) return undefined;
  const status = { ...object.status, loadBalancer: ingress.length > 0 ? { ingress } : {} };
  return { type: 'updateStatus', kind: erased(Ingress), object: { ...object, status } as Ingress };
}

interface NodeAddress {
  ip: string;
  /** Absent where they are the usual ones. */
  ports?: { port: number; protocol: 'TCP' }[];
}

/** Undefined for a node that serves none, or that is not ready. */
function addressOf(node: Node): NodeAddress | undefined {
  const ports = node.metadata.annotations?.[ingressPortsAnnotation] ?? '';
  const ip = ports === '' ? undefined : reachability(node);
  if (ip === undefined) return undefined;
  if (ports === '80,443') return { ip };
  return { ip, ports: ports.split(',').map((port) => ({ port: Number(port), protocol: 'TCP' })) };
}

/** What cannot be served, by Ingress. */
export function ingressProblems({ served, service, secret }: ObservedIngresses): Map<Ingress, Problem[]> {
  const problems = new Map(
    served.map((ingress): [Ingress, Problem[]] => [
      ingress,
      [...backendProblems(ingress, service), ...certificateProblems(ingress, secret)],
    ]),
  );
  for (const { ingress, field, wanted, owner } of ingressRouting(served).conflicts) {
    const what = field.startsWith('spec.tls') ? `another certificate for ${wanted} is named by` : `${wanted} is served by`;
    problems.get(ingress)?.push({ reason: 'Conflict', message: `${field}: ${what} Ingress ${keyOf(owner)}, which is older` });
  }
  return problems;
}

function backendProblems(ingress: Ingress, service: ObservedIngresses['service']): Problem[] {
  return ingressBackends(ingress).flatMap(({ field, backend }) => {
    const { problem } = ingressBackendPort(backend, service(`${ingress.metadata.namespace}/${backend.service?.name}`));
    return problem ? [{ reason: problem.reason, message: `${field}: ${problem.message}; requests for it get 503` }] : [];
  });
}

function certificateProblems({ metadata, spec }: Ingress, secret: ObservedIngresses['secret']): Problem[] {
  return (spec.tls ?? []).flatMap(({ secretName }, index) => {
    if (!secretName) return [];
    const found = secret(`${metadata.namespace}/${secretName}`);
    const field = `spec.tls[${index}].secretName`;
    const instead = 'a self-signed certificate is served instead';
    if (!found) return [{ reason: 'SecretNotFound', message: `${field}: secret ${secretName} does not exist; ${instead}` }];
    const { problem } = servingPair(found);
    if (problem === undefined) return [];
    return [{ reason: 'InvalidCertificate', message: `${field}: secret ${secretName} is no certificate: ${problem}; ${instead}` }];
  });
}

/** An event for each problem when it is new: a status of an Ingress has no place to remember it. */
class ProblemEvents {
  readonly #reported = new Map<string, Set<string>>();

  about(observed: ObservedIngresses): Action[] {
    const problems = ingressProblems(observed);
    const present = new Set([...problems.keys()].map(({ metadata }) => metadata.uid ?? ''));
    for (const uid of this.#reported.keys()) if (!present.has(uid)) this.#reported.delete(uid);
    return [...problems].flatMap(([ingress, found]) => {
      const before = this.#reported.get(ingress.metadata.uid ?? '');
      this.#reported.set(ingress.metadata.uid ?? '', new Set(found.map(({ message }) => message)));
      return found
        .filter(({ message }) => !before?.has(message))
        .map(({ reason, message }): Action => ({ type: 'event', event: { about: ingress, eventType: 'Warning', reason, message } }));
    });
  }
}

function concerned(caches: Caches, { metadata }: Service | Secret, namesOf: (ingress: Ingress) => string[]): string[] {
  const { namespace, name } = metadata;
  const uses = (ingress: Ingress) => ingress.metadata.namespace === namespace && namesOf(ingress).includes(name);
  return caches.of(Ingress).list().some(uses) ? [allIngresses] : [];
}

function ingressServices(ingress: Ingress): string[] {
  return ingressBackends(ingress).flatMap(({ backend }) => backend.service?.name ?? []);
}

function ingressSecrets({ spec }: Ingress): string[] {
  return (spec.tls ?? []).flatMap(({ secretName }) => secretName ?? []);
}
