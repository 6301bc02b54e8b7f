// What a node's table for services has to hold, kept in line with services, endpoint slices and pods. Objects are never changed, only replaced:
// what rests on the same ones is not looked at again, so that a change costs what it changes, not what there is.
import type { EndpointSlice, Pod, Service } from '@berth/api';
import { deepEqual, keyOf } from '@berth/machinery';
import { type Endpoint, endpointText } from '../endpoints.ts';
import { hostPortsOf } from '../host-ports.ts';
import { type Entry, element, type Frontend, hostPortPiece, idOf, type Piece, servicePiece } from './frontends.ts';
import { ServiceObjects } from './service-objects.ts';
import { type Target, targetsOf } from './service-targets.ts';

export interface ServicePlanInput {
  bridge: string;
  podCidr: string;
  /** The ranges of all nodes' pods. */
  peerCidrs: string[];
  /** Where this node's name server listens: no host port takes that away. */
  clusterDns: string;
  /** Of load balancers: they are this node's own, and services' alone. */
  heldAddresses?: string[];
  services: Service[];
  endpointSlices: EndpointSlice[];
  /** Of this node, with their addresses. */
  pods: Pod[];
  nodeName: string;
  /** This node's, for services that prefer what is near. */
  zone?: string | undefined;
}

interface Owner {
  /** What the piece follows from. */
  inputs: readonly unknown[];
  targets: Target[];
  piece: Piece;
  /** Of those who want the same frontend the first has it: services before pods, the older before the younger. */
  order: string;
  hasUdp: boolean;
}

export class ServicePlan {
  readonly #owners = new Map<string, Owner>();
  /** By frontend: its owners, the first of whom is in `#served`. */
  readonly #claims = new Map<string, Set<string>>();
  readonly #served = new Map<string, Frontend>();
  readonly #wanted = new Map<string, { entry: Entry; count: number }>();
  readonly #objects = new ServiceObjects();
  #setting = '';
  #podOwners = new Set<string>();
  #touched = new Set<string>();
  #hasUdpChanged = false;

  /** All that is to be there, by id. */
  get entries(): ReadonlyMap<string, { entry: Entry }> {
    return this.#wanted;
  }

  update(input: ServicePlanInput): void {
    const { bridge, nodeName, zone } = input;
    const place = { nodeName, zone };
    const due = this.#objects.update(input.services, input.endpointSlices);
    const setting = `${bridge} ${nodeName} ${zone}`;
    // Those that have gone are due as ever.
    if (setting !== this.#setting) for (const name of this.#objects.names()) due.add(name);
    this.#setting = setting;
    this.#own('node', nodeOwner(input, this.#objects));
    for (const name of due) {
      const { service, slices } = this.#objects.of(name);
      if (!service) {
        this.#own(name, undefined);
        continue;
      }
      const targets = inFormerOrder(targetsOf(service, slices, place), this.#owners.get(name)?.targets ?? []);
      const { creationTimestamp = '', uid = '' } = service.metadata;
      const order = `0 ${creationTimestamp} ${uid} ${name}`;
      const hasUdp = targets.some(({ protocol }) => protocol === 'udp');
      this.#own(name, { inputs: [setting, service, ...slices], targets, piece: servicePiece(targets, bridge), order, hasUdp });
    }
    this.#updateHostPorts(input.pods);
  }

  #updateHostPorts(pods: Pod[]): void {
    const seen = new Set<string>();
    for (const pod of pods) {
      const ports = hostPortsOf(pod);
      if (ports.length === 0) continue;
      const name = `pod ${keyOf(pod)} ${pod.metadata.uid ?? ''}`;
      seen.add(name);
      if (deepEqual(this.#owners.get(name)?.inputs, ports)) continue;
      const hasUdp = ports.some(({ protocol }) => protocol === 'udp');
      this.#own(name, { inputs: ports, targets: [], piece: hostPortPiece(ports), order: `1 ${keyOf(pod)}`, hasUdp });
    }
    for (const name of this.#podOwners) if (!seen.has(name)) this.#own(name, undefined);
    this.#podOwners = seen;
  }

  /** Ids of entries that have come or gone, as far as is known, and whether ports of UDP are among what changed; since the last call. */
  takeChanges(): { ids: Set<string>; hasUdpChanged: boolean } {
    const changes = { ids: this.#touched, hasUdpChanged: this.#hasUdpChanged };
    this.#touched = new Set();
    this.#hasUdpChanged = false;
    return changes;
  }

  #own(name: string, after: Owner | undefined): void {
    const before = this.#owners.get(name);
    if (after && before && areSame(before.inputs, after.inputs)) return;
    if (after) this.#owners.set(name, after);
    else this.#owners.delete(name);
    this.#hasUdpChanged ||= before?.hasUdp === true || after?.hasUdp === true;
    const keys = new Set<string>();
    for (const { key } of before?.piece.frontends ?? []) {
      this.#claims.get(key)?.delete(name);
      keys.add(key);
    }
    for (const { key } of after?.piece.frontends ?? []) {
      const claims = this.#claims.get(key) ?? new Set();
      this.#claims.set(key, claims.add(name));
      keys.add(key);
    }
    for (const key of keys) this.#serve(key);
    for (const entry of after?.piece.entries ?? []) this.#want(entry);
    for (const entry of before?.piece.entries ?? []) this.#release(entry);
  }

  #serve(key: string): void {
    const claims = [...(this.#claims.get(key) ?? [])].map((name) => this.#owners.get(name) as Owner);
    const [first] = claims.sort((a, b) => (a.order < b.order ? -1 : 1));
    const before = this.#served.get(key);
    const after = first?.piece.frontends.find((frontend) => frontend.key === key);
    if (after) this.#served.set(key, after);
    else {
      this.#served.delete(key);
      this.#claims.delete(key);
    }
    for (const entry of after?.entries ?? []) this.#want(entry);
    for (const entry of before?.entries ?? []) this.#release(entry);
  }

  #want(entry: Entry): void {
    const id = idOf(entry);
    const known = this.#wanted.get(id);
    this.#wanted.set(id, { entry, count: (known?.count ?? 0) + 1 });
    if (!known || entry.kind === 'affinity') this.#touched.add(id);
  }

  #release(entry: Entry): void {
    const id = idOf(entry);
    const known = this.#wanted.get(id);
    if (!known) return;
    known.count--;
    if (known.count > 0) return;
    this.#wanted.delete(id);
    this.#touched.add(id);
  }
}

/** What is of the node itself: where pods are, and what this machine serves to pods on addresses that are the node's own. */
function nodeOwner({ podCidr, peerCidrs, clusterDns, heldAddresses = [] }: ServicePlanInput, objects: ServiceObjects): Owner {
  const { service: api, slices } = objects.of('default/kubernetes');
  const endpoints = api ? targetsOf(api, slices, { nodeName: '', zone: undefined }).flatMap(({ cluster }) => cluster) : [];
  const entries = [
    ...['tcp', 'udp'].map((protocol) => element('kept', `${clusterDns} . ${protocol} . 53`)),
    ...endpoints.map(({ address, port }) => element('kept', `${address} . tcp . ${port}`)),
    ...outermost([podCidr, ...peerCidrs]).map((range) => element('pod-networks', range)),
    ...heldAddresses.map((address) => element('service-addresses', address)),
  ];
  return { inputs: entries.map(idOf), targets: [], piece: { frontends: [], entries }, order: '', hasUdp: false };
}

/** The kernel takes no ranges that overlap. */
function outermost(ranges: string[]): string[] {
  const parsed = [...new Set(ranges)].map((range) => ({ range, ...bitsOf(range) }));
  return parsed
    .filter(({ range, bits }) => !parsed.some((other) => other.range !== range && bits.startsWith(other.bits)))
    .map(({ range }) => range);
}

function bitsOf(range: string): { bits: string } {
  const [address = '', length = '32'] = range.split('/');
  const bits = address.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'));
  return { bits: bits.join('').slice(0, Number(length)) };
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

/** An endpoint that stays keeps its number, so that its element stays; what is new fills the gaps. */
function inFormerOrder(targets: Target[], former: Target[]): Target[] {
  const byName = new Map(former.map((target) => [target.name, target]));
  return targets.map((target) => {
    const before = byName.get(target.name);
    if (!before) return target;
    return { ...target, cluster: reordered(target.cluster, before.cluster), local: reordered(target.local, before.local) };
  });
}

function reordered(now: Endpoint[], before: Endpoint[]): Endpoint[] {
  const left = new Map(now.map((endpoint) => [endpointText(endpoint), endpoint]));
  const placed: (Endpoint | undefined)[] = before.slice(0, now.length).map((endpoint) => {
    const text = endpointText(endpoint);
    const kept = left.get(text);
    left.delete(text);
    return kept;
  });
  const rest = [...left.values()];
  return Array.from({ length: now.length }, (_, index) => placed[index] ?? (rest.shift() as Endpoint));
}
