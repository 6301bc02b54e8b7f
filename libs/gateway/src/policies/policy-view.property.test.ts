// What nodes are given allows exactly what a plain reading of the policies allows, for any policies, namespaces and pods, in whichever order
// they came and changed.
import type { Namespace, NetworkPolicy, Pod } from '@berth/api';
import { type LabelSelectorObject, labelSelectorFrom } from '@berth/machinery';
import type { AddressSet, PolicyRules, TrafficRule } from '@berth/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PolicyView } from './policy-view.ts';

interface Cluster {
  policies: Map<string, NetworkPolicy>;
  namespaces: Map<string, Namespace>;
  pods: Map<string, Pod>;
}

/** TCP, to a port by number; `from` and `to` are addresses. */
interface Flow {
  from: string;
  to: string;
  port: number;
  protocol: 'TCP' | 'UDP';
}

type Spec = NetworkPolicy['spec'];
type Rule = NonNullable<Spec['ingress']>[number] & NonNullable<Spec['egress']>[number];
type Peer = NonNullable<Rule['from']>[number];
type Port = NonNullable<Rule['ports']>[number];

const isOut = (pod: Pod) => pod.spec.hostNetwork === true || pod.status?.phase === 'Failed';
const podAt = (cluster: Cluster, address: string) => [...cluster.pods.values()].find((pod) => pod.status?.podIP === address && !isOut(pod));

/** By the documentation of the API, word by word. */
function isAllowed(cluster: Cluster, flow: Flow): boolean {
  return (['Ingress', 'Egress'] as const).every((direction) => {
    const [own, other] = direction === 'Ingress' ? [flow.to, flow.from] : [flow.from, flow.to];
    const pod = podAt(cluster, own);
    const selecting = [...cluster.policies.values()].filter(
      ({ metadata, spec }) =>
        pod?.metadata.namespace === metadata.namespace &&
        labelSelectorFrom(spec.podSelector ?? {}).matches(pod?.metadata.labels) &&
        spec.policyTypes?.includes(direction),
    );
    const rulesOf = ({ spec }: NetworkPolicy): Rule[] => (direction === 'Ingress' ? spec.ingress : spec.egress) ?? [];
    const peersOf = (rule: Rule) => (direction === 'Ingress' ? rule.from : rule.to) ?? [];
    const allows = (policy: NetworkPolicy) =>
      rulesOf(policy).some(
        (rule) =>
          (peersOf(rule).length === 0 || peersOf(rule).some((peer) => isPeer(cluster, policy, peer, other))) &&
          (!rule.ports?.length || rule.ports.some((port) => isPort(cluster, port, flow))),
      );
    return selecting.length === 0 || selecting.some(allows);
  });
}

function isPeer(cluster: Cluster, policy: NetworkPolicy, { ipBlock, namespaceSelector, podSelector }: Peer, address: string): boolean {
  const isIn = (range: string) => range.startsWith('0.0.0.0/0') || address.startsWith(range.replace(/\.0\/.*/, '.'));
  if (ipBlock) return isIn(ipBlock.cidr) && !ipBlock.except?.some(isIn);
  const pod = podAt(cluster, address);
  if (!pod) return false;
  const namespace = pod.metadata.namespace ?? '';
  const labels = cluster.namespaces.get(namespace)?.metadata.labels;
  const isThere = namespaceSelector
    ? labels !== undefined && labelSelectorFrom(namespaceSelector).matches(labels)
    : namespace === policy.metadata.namespace;
  return isThere && labelSelectorFrom(podSelector ?? {}).matches(pod.metadata.labels);
}

function isPort(cluster: Cluster, { protocol = 'TCP', port, endPort }: Port, flow: Flow): boolean {
  if (protocol !== flow.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return flow.port >= port && flow.port <= (endPort ?? port);
  const ports = podAt(cluster, flow.to)?.spec.containers.flatMap((container) => container.ports ?? []) ?? [];
  return ports.some((each) => each.name === port && (each.protocol ?? 'TCP') === protocol && each.containerPort === flow.port);
}

/** As a node enforces what it is given. */
function passes(view: PolicyView, cluster: Cluster, flow: Flow): boolean {
  return (['ingress', 'egress'] as const).every((direction) => {
    const pod = podAt(cluster, direction === 'ingress' ? flow.to : flow.from);
    if (!pod) return true;
    const objects = view.objectsFor([`${pod.metadata.namespace}/${pod.metadata.name}`]);
    const sets = new Map(objects.filter((object) => object.kind === 'AddressSet').map((set) => [set.metadata.name, set as AddressSet]));
    const rules = objects.filter((object) => object.kind === 'PolicyRules').map((object) => (object as PolicyRules).spec[direction]);
    const known = rules.filter((list) => list !== undefined);
    return known.length === 0 || known.some((list) => list.some((rule) => meets(rule, direction, flow, sets)));
  });
}

function meets({ peers, ports }: TrafficRule, direction: 'ingress' | 'egress', flow: Flow, sets: Map<string, AddressSet>): boolean {
  const address = direction === 'ingress' ? flow.from : flow.to;
  const isIn = (range: string) => range === '0.0.0.0/0' || address.startsWith(range.replace(/\.0\/.*/, '.'));
  const has = (set: string, element: string) => sets.get(set)?.spec.elements.includes(element) === true;
  const protocol = flow.protocol.toLowerCase();
  return (
    (!peers || peers.some((peer) => ('set' in peer ? has(peer.set, address) : isIn(peer.cidr) && !peer.except.some(isIn)))) &&
    (!ports ||
      ports.some((port) =>
        'set' in port
          ? has(port.set, `${flow.to} ${protocol} ${flow.port}`)
          : port.protocol === protocol && flow.port >= port.from && flow.port <= port.to,
      ))
  );
}

const namespaceNames = ['x', 'y'];
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const selector: fc.Arbitrary<LabelSelectorObject> = fc.oneof(
  fc.constant({}),
  labels.map((matchLabels) => ({ matchLabels })),
  fc.constantFrom('In', 'NotIn').map((operator) => ({ matchExpressions: [{ key: 'app', operator, values: ['a'] }] })),
  fc.constant<LabelSelectorObject>({ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }),
);
const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
  fc.constantFrom<Peer>(
    { ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.1.0/24'] } },
    { ipBlock: { cidr: '10.0.1.0/24' } },
    { ipBlock: { cidr: 'fd00::/8' } },
  ),
);
const port: fc.Arbitrary<Port> = fc
  .record({ protocol: fc.constantFrom('TCP', 'UDP') })
  .chain(({ protocol }) =>
    fc.constantFrom<Port>({ protocol }, { protocol, port: 80 }, { protocol, port: 79, endPort: 81 }, { protocol, port: 'web' }),
  );
const peers = fc.option(fc.array(peer, { maxLength: 2 }), { nil: undefined });
const rule = fc.record({ peers, ports: fc.option(fc.array(port, { maxLength: 2 }), { nil: undefined }) });
const types = fc.constantFrom<Spec['policyTypes']>(['Ingress'], ['Egress'], ['Ingress', 'Egress']);
const rules = fc.array(rule, { maxLength: 2 });
const policySpec: fc.Arbitrary<Spec> = fc
  .record({ podSelector: selector, policyTypes: types, ingress: rules, egress: rules })
  .map(({ ingress, egress, ...rest }) => ({
    ...rest,
    ingress: ingress.map(({ peers: from, ports }) => ({ ...(from && { from }), ...(ports && { ports }) })),
    egress: egress.map(({ peers: to, ports }) => ({ ...(to && { to }), ...(ports && { ports }) })),
  }));

const place = { namespace: fc.constantFrom(...namespaceNames), name: fc.constantFrom('p', 'q', 'r') };
const change = fc.oneof(
  fc.record({ what: fc.constant('policy' as const), ...place, gone: fc.boolean(), spec: policySpec }),
  fc.record({ what: fc.constant('namespace' as const), namespace: place.namespace, gone: fc.boolean(), labels }),
  fc.record({
    ...{ what: fc.constant('pod' as const), ...place, gone: fc.boolean(), labels },
    address: fc.option(fc.constantFrom('10.0.0.', '10.0.1.'), { nil: undefined }),
    hostNetwork: fc.boolean(),
    phase: fc.constantFrom('Running', 'Running', 'Failed'),
    number: fc.constantFrom(80, 81),
  }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

let version = 0;
const gone = (map: Map<string, unknown>, key: string) => map.delete(key);

function apply(change: Change, cluster: Cluster, view: PolicyView): void {
  const { namespace } = change;
  const metadata = { namespace, name: 'name' in change ? change.name : namespace, uid: 'u', resourceVersion: String(++version) };
  const key = `${namespace}/${metadata.name}`;
  if (change.what === 'policy') {
    const policy: NetworkPolicy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: change.spec };
    if (change.gone) gone(cluster.policies, key);
    else cluster.policies.set(key, policy);
    view.policy(policy, change.gone);
  } else if (change.what === 'namespace') {
    const made: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: change.labels }, spec: {} };
    if (change.gone) gone(cluster.namespaces, namespace);
    else cluster.namespaces.set(namespace, made);
    view.namespace(made, change.gone);
  } else {
    const last = namespaceNames.indexOf(namespace) * 10 + change.name.charCodeAt(0);
    const pod: Pod = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, labels: change.labels } },
      spec: {
        hostNetwork: change.hostNetwork && change.number === 81,
        containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: change.number }] }],
      },
      status: { phase: change.phase, ...(change.address && { podIP: `${change.address}${last}` }) },
    };
    if (change.gone) gone(cluster.pods, key);
    else cluster.pods.set(key, pod);
    view.pod(pod, change.gone);
  }
}

test('a flow passes where every policy that is about it allows it', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 4, maxLength: 30 }), (changes) => {
      const cluster: Cluster = { policies: new Map(), namespaces: new Map(), pods: new Map() };
      const view = new PolicyView({ objectChanged: () => {}, nodeChanged: () => {} });
      for (const each of changes) apply(each, cluster, view);
      const addresses = [...new Set([...cluster.pods.values()].flatMap(({ status }) => status?.podIP ?? [])), '192.0.2.7', '10.0.1.9'];
      for (const from of addresses) {
        for (const to of addresses) {
          for (const [port, protocol] of [[80, 'TCP'] as const, [81, 'TCP'] as const, [80, 'UDP'] as const]) {
            const flow: Flow = { from, to, port, protocol };
            expect(passes(view, cluster, flow), JSON.stringify(flow)).toBe(isAllowed(cluster, flow));
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('every object that is another than before is named, so that those who have it are sent it', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 4, maxLength: 30 }), (changes) => {
      const cluster: Cluster = { policies: new Map(), namespaces: new Map(), pods: new Map() };
      const named = new Set<string>();
      const view = new PolicyView({
        objectChanged: ({ kind, name, namespace }) => named.add(`${kind}/${namespace}/${name}`),
        nodeChanged: () => {},
      });
      const snapshot = () =>
        new Map(
          view
            .objectsFor(cluster.pods.keys())
            .map((object) => [`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, JSON.stringify(object)]),
        );
      for (const each of changes) {
        const before = snapshot();
        named.clear();
        apply(each, cluster, view);
        for (const [key, text] of snapshot()) if (before.has(key) && before.get(key) !== text) expect(named).toContain(key);
      }
    }),
    { numRuns: 100 },
  );
});
