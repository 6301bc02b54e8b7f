// A NetworkPolicy as nodes enforce it: selectors of peers become names of address sets, which the policy view keeps. Pure, and of the policy
// alone, so that a pod's coming changes sets and no rules.
import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { NetworkPolicy } from '@berth/api';
import { type LabelSelectorObject, labelSelectorFrom } from '@berth/machinery';
import type { PolicyRules, TrafficPeer, TrafficPort, TrafficRule } from '@berth/protocol';

type Spec = NetworkPolicy['spec'];
type Peer = NonNullable<NonNullable<NonNullable<Spec['ingress']>[number]['from']>[number]>;
type Port = NonNullable<NonNullable<NonNullable<Spec['ingress']>[number]['ports']>[number]>;
type Block = NonNullable<Peer['ipBlock']>;

/** Which pods, or which ports of pods, a set holds. */
export type SetSpec =
  | { kind: 'pods'; namespace: string; podSelector: LabelSelectorObject }
  | { kind: 'pods-of-namespaces'; namespaceSelector: LabelSelectorObject; podSelector: LabelSelectorObject }
  | { kind: 'ports'; protocol: string; name: string };

export interface CompiledPolicy {
  rules: PolicyRules;
  /** By name. */
  sets: Map<string, SetSpec>;
}

const portMax = 65_535;

export function compilePolicy(policy: NetworkPolicy): CompiledPolicy {
  const { name, namespace = '', uid, resourceVersion } = policy.metadata;
  const { podSelector = {}, ingress = [], egress = [], policyTypes = [] } = policy.spec;
  const sets = new Map<string, SetSpec>();
  const setOf = (spec: SetSpec): { set: string } => {
    const set = setName(spec);
    sets.set(set, spec);
    return { set };
  };
  const rule = (peers: Peer[] | undefined, ports: Port[] | undefined): TrafficRule => ({
    // Here, an empty list is no condition either (NetworkPolicyIngressRule, `from`).
    ...(peers?.length && { peers: peers.flatMap((peer) => compilePeer(peer, namespace, setOf)) }),
    ...(ports?.length && { ports: ports.map((port) => compilePort(port, setOf)) }),
  });
  const restricts = (direction: 'Ingress' | 'Egress') => policyTypes.includes(direction);
  const spec: PolicyRules['spec'] = {
    podSelector,
    ...(restricts('Ingress') && { ingress: ingress.map(({ from, ports }) => rule(from, ports)) }),
    ...(restricts('Egress') && { egress: egress.map(({ to, ports }) => rule(to, ports)) }),
  };
  const metadata = { name, namespace, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  return { rules: { apiVersion: 'berth.io/v1', kind: 'PolicyRules', metadata, spec }, sets };
}

/** The same for every selector that says the same, whichever policy has it. */
function setName(spec: SetSpec): string {
  const words = [
    spec.kind,
    ...(spec.kind === 'ports' ? [spec.protocol, spec.name] : [labelSelectorFrom(spec.podSelector).toString()]),
    ...(spec.kind === 'pods' ? [spec.namespace] : []),
    ...(spec.kind === 'pods-of-namespaces' ? [labelSelectorFrom(spec.namespaceSelector).toString()] : []),
  ];
  return `${spec.kind === 'ports' ? 'ports' : 'pods'}-${createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 16)}`;
}

function compilePeer(peer: Peer, namespace: string, setOf: (spec: SetSpec) => { set: string }): TrafficPeer[] {
  const { podSelector = {}, namespaceSelector, ipBlock } = peer;
  if (ipBlock) return compileBlock(ipBlock);
  if (namespaceSelector) return [setOf({ kind: 'pods-of-namespaces', namespaceSelector, podSelector })];
  return peer.podSelector ? [setOf({ kind: 'pods', namespace, podSelector })] : [];
}

/** None for a range of IPv6: no pod has such an address, and nothing comes from there. */
function compileBlock({ cidr, except = [] }: Block): TrafficPeer[] {
  const whole = canonicalRange(cidr);
  return whole ? [{ cidr: whole, except: except.flatMap((range) => canonicalRange(range) ?? []) }] : [];
}

/** As validation lets it through: leading zeros and bits behind the prefix included. */
function canonicalRange(text: string): string | undefined {
  const [address = '', bits = ''] = text.split('/');
  const plain = address.split('.').map(Number).join('.');
  if (!isIPv4(plain)) return undefined;
  const prefixBits = Number(bits);
  const mask = prefixBits === 0 ? 0 : (0xffffffff << (32 - prefixBits)) >>> 0;
  const first = (plain.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) & mask) >>> 0;
  return `${[24, 16, 8, 0].map((shift) => (first >>> shift) & 255).join('.')}/${prefixBits}`;
}

function compilePort({ protocol: given, port, endPort }: Port, setOf: (spec: SetSpec) => { set: string }): TrafficPort {
  const protocol = protocolOf(given);
  if (port === undefined) return { protocol, from: 0, to: portMax };
  if (typeof port === 'string') return setOf({ kind: 'ports', protocol, name: port });
  return { protocol, from: port, to: endPort ?? port };
}

export function protocolOf(given: string | undefined): 'tcp' | 'udp' | 'sctp' {
  if (given === 'UDP') return 'udp';
  return given === 'SCTP' ? 'sctp' : 'tcp';
}
