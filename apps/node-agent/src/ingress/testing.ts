// For tests: Ingresses by chance that get in each other's way, and which service a request should reach, found out the slow way.
import type { Ingress, Service } from '@berth/api';
import type { Random } from '@berth/telemetry';

export const backendNames = ['a', 'b', 'c'] as const;
const hosts = ['', 'x.test', 'y.x.test', '*.x.test', '*.test'];
const words = ['p', 'pq', 'q', 'P', '%20', 'p.q'];

export interface Asked {
  host: string;
  path: string;
}

export function randomIngresses(random: Random, count: number): Ingress[] {
  return Array.from({ length: count }, (_, index) => {
    const rules = Array.from({ length: 1 + random.int(3) }, () => ({
      host: picked(random, hosts),
      http: { paths: Array.from({ length: 1 + random.int(4) }, () => randomPath(random)) },
    }));
    const defaultBackend = random.int(4) === 0 ? { defaultBackend: randomBackend(random) } : {};
    const createdAt = new Date(Date.UTC(2026, 0, 1, 0, 0, random.int(3))).toISOString();
    const metadata = { name: `i${index}`, namespace: 'default', uid: `i${index}`, creationTimestamp: createdAt };
    return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { rules, ...defaultBackend } };
  });
}

export function randomAsked(random: Random): Asked {
  return { host: picked(random, ['x.test', 'y.x.test', 'z.x.test', 'w.y.x.test', 'other.test', 'plain']), path: randomPathText(random) };
}

export function service(name: string): Service {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' as const }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { ports } };
}

/** The service that is to answer; undefined: 404. Every rule is looked at for every request. */
export function naiveService(ingresses: Ingress[], { host, path }: Asked): string | undefined {
  const inOrder = ingresses.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const rules = inOrder.flatMap(({ spec }) =>
    (spec.rules ?? []).flatMap(({ host: wanted = '', http }) =>
      (http?.paths ?? []).map((each) => ({ ...each, wanted, elements: elementsOf(each.path ?? '') })),
    ),
  );
  const matching = rules.filter(({ wanted, pathType, path: given = '', elements }) => {
    if (!hostMatches(wanted, host)) return false;
    if (pathType === 'Exact') return given === path;
    const asked = elementsOf(path);
    return elements.every((element, index) => asked[index] === element);
  });
  const rank = (rule: (typeof rules)[number]) => [hostRank(rule.wanted), rule.pathType === 'Exact' ? 0 : 1, -rule.elements.length] as const;
  const [best] = matching.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  });
  if (best) return best.backend.service?.name;
  return defaultFor(inOrder, host);
}

function defaultFor(inOrder: Ingress[], host: string): string | undefined {
  const withDefault = inOrder.filter(({ spec }) => spec.defaultBackend);
  const namesHost = (matches: (wanted: string) => boolean) =>
    withDefault.find(({ spec }) => (spec.rules ?? []).some((rule) => matches(rule.host ?? '')));
  const chosen =
    namesHost((wanted) => wanted === host) ??
    namesHost((wanted) => wanted.startsWith('*') && hostMatches(wanted, host)) ??
    namesHost((wanted) => wanted === '') ??
    withDefault[0];
  return chosen?.spec.defaultBackend?.service?.name;
}

function hostMatches(wanted: string, host: string): boolean {
  if (!wanted.startsWith('*')) return wanted === '' || wanted === host;
  const [first, ...rest] = host.split('.');
  return first !== '' && rest.join('.') === wanted.slice(2);
}

function hostRank(wanted: string): number {
  if (wanted === '') return 2;
  return wanted.startsWith('*') ? 1 : 0;
}

function orderOf({ metadata }: Ingress): string {
  return `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`;
}

function elementsOf(path: string): string[] {
  const elements = path.split('/').slice(1);
  while (elements.at(-1) === '') elements.pop();
  return elements;
}

function randomPath(random: Random) {
  const pathType = picked(random, ['Exact', 'Prefix', 'ImplementationSpecific']);
  return { path: randomPathText(random), pathType, backend: randomBackend(random) };
}

function randomPathText(random: Random): string {
  const elements = Array.from({ length: random.int(4) }, () => picked(random, words));
  return `/${elements.join('/')}${elements.length > 0 && random.int(3) === 0 ? '/' : ''}`;
}

function randomBackend(random: Random) {
  return { service: { name: picked(random, backendNames), port: { number: 80 } } };
}

function picked<T>(random: Random, from: readonly [T, ...T[]] | readonly T[]): T {
  return from[random.int(from.length)] as T;
}
