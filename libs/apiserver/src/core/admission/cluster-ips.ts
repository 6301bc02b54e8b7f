// Which address a Service gets: one of the ranges that ServiceCIDR objects make, of any that is ready. The range's revision is
// a condition of the Service's transaction, so that no address is taken from a range that is being deleted meanwhile.
import {
  clusterAddress,
  defaultServiceCidrName,
  formatIpv4,
  holdsHost,
  IPAddress,
  type Ipv4Range,
  isReadyRange,
  parseIpv4,
  rangesOf,
  type Service,
  ServiceCIDR,
  serviceAddress,
} from '@berth/api';
import { pathSegment, StatusError } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import type { Guard } from '../commit.ts';
import { relativeKey, storageKey } from '../keys.ts';
import { Entry } from '../object-codec.ts';
import type { AdmissionRequest } from './admission.ts';
import { pickFree } from './number-range.ts';
import { addressKey, held, refused } from './service-claims.ts';

/** What the cache knows, which may lag behind the store. */
export interface AddressSource {
  serviceCidrs(): Iterable<Entry>;
  /** Whether an IPAddress has this name. */
  isReserved(address: string): boolean;
  /** Relative keys of the Services that have this cluster IP. */
  holders(address: string): ReadonlySet<string>;
  /** Resolves once the cache has all that was committed before. */
  proven(): Promise<unknown>;
}

export interface ClusterIpOptions {
  /** Never handed out to a Service that does not ask for them. */
  spared: ReadonlySet<number>;
  source: AddressSource;
  random: Random;
}

interface ReadyRange extends Ipv4Range {
  entry: Entry;
}

export class ClusterIps {
  readonly #options: ClusterIpOptions;

  constructor(options: ClusterIpOptions) {
    this.#options = options;
  }

  /** Gives the Service the address that it asks for, or a free one. @throws StatusError when there is none */
  async assign(request: AdmissionRequest, service: Service, old: Service | undefined): Promise<void> {
    const { spec } = service;
    // What has an address keeps it: another one that it asks for is refused when it is validated.
    const hasAddress = old !== undefined && old.spec.type !== 'ExternalName';
    if (spec.type === 'ExternalName' || spec.clusterIP === 'None' || hasAddress) return;
    const given = clusterAddress(service);
    // What the cache lacks may be there all the same, a range that was made just now, or be free by now.
    const found = this.#choose(request, given) ?? (await this.#chooseProven(request, service, given));
    if (!request.dryRun) requireReference(request, service, found.address, given);
    spec.clusterIP = found.address;
    spec.clusterIPs = [found.address];
    request.guards.push(rangeGuard(found.range));
  }

  #choose(request: AdmissionRequest, given: string | undefined): { address: string; range: ReadyRange } | undefined {
    const ranges = this.#ranges(request);
    const address = given === undefined ? this.#free(request, ranges) : parseIpv4(given);
    const range = address === undefined ? undefined : ranges.find((one) => holdsHost(one, address));
    if (address === undefined || !range || (given !== undefined && this.#isTaken(request, given))) return undefined;
    return { address: formatIpv4(address), range };
  }

  async #chooseProven(request: AdmissionRequest, service: Service, given: string | undefined) {
    await this.#options.source.proven();
    const found = this.#choose(request, given);
    if (found) return found;
    const ranges = this.#ranges(request);
    if (given === undefined) throw StatusError.internal('failed to allocate a serviceIP: range is full');
    const value = parseIpv4(given);
    const claim = held(service).get(addressKey(given));
    if (claim && value !== undefined && ranges.some((one) => holdsHost(one, value))) throw refused(claim, service);
    throw invalid(request, [given], `failed to allocate IP ${given}: ${outOfRange(request, given, ranges[0])}`);
  }

  /** The default range first, then by name; each as new as an earlier attempt of the request learnt. */
  #ranges({ known }: AdmissionRequest): ReadyRange[] {
    const entries = [...this.#options.source.serviceCidrs()].sort(defaultFirst);
    return entries.flatMap((cached) => {
      const entry = newest(cached, known);
      if (!entry || !isReadyRange(entry.object as ServiceCIDR)) return [];
      return rangesOf(entry.object as ServiceCIDR).map((range) => ({ ...range, entry }));
    });
  }

  #free(request: AdmissionRequest, ranges: ReadyRange[]): number | undefined {
    const { spared, random } = this.#options;
    const numbers = ranges.map(({ first, last }) => {
      const size = last - first - 1;
      return { from: first + 1, to: last - 1, spared: Math.min(Math.max(16, Math.floor(size / 16)), 256, Math.floor(size / 2)) };
    });
    const free = numbers.filter(({ from, to }) => from <= to);
    return pickFree(free, (value) => spared.has(value) || this.#isTaken(request, formatIpv4(value)), random);
  }

  /** What an earlier attempt of this request learnt is newer than the cache. */
  #isTaken(request: AdmissionRequest, address: string): boolean {
    const key = addressKey(address);
    const isReserved = request.known.has(key) ? request.known.get(key) !== undefined : this.#options.source.isReserved(address);
    return isReserved || this.#isOrphaned(request, address);
  }

  /** Whether another Service has it although its IPAddress was deleted, and has not been made again yet. */
  #isOrphaned({ namespace, name }: AdmissionRequest, address: string): boolean {
    const { source } = this.#options;
    if (source.isReserved(address)) return false;
    const holders = source.holders(address);
    return holders.size > (holders.has(relativeKey(namespace, name)) ? 1 : 0);
  }
}

function newest(cached: Entry, known: AdmissionRequest['known']): Entry | undefined {
  const key = rangeKey(cached);
  if (!known.has(key)) return cached;
  const kv = known.get(key);
  if (!kv || kv.modRevision < cached.revision) return kv && cached;
  return new Entry(cached.key, kv.modRevision, kv.value);
}

function rangeKey({ key }: Entry): string {
  return storageKey(ServiceCIDR, undefined, key);
}

function defaultFirst(a: Entry, b: Entry): number {
  if (a.key === defaultServiceCidrName || b.key === defaultServiceCidrName) return a.key === defaultServiceCidrName ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}

function rangeGuard({ entry }: ReadyRange): Guard {
  // Whatever changed about the range is looked at again with its newest state.
  return { compare: { key: rangeKey(entry), target: 'mod', revision: entry.revision }, onConflict() {} };
}

/** An IPAddress names the Service, which is valid itself only later. @throws StatusError when it cannot */
function requireReference(request: AdmissionRequest, { metadata }: Service, address: string, given: string | undefined): void {
  if (metadata.name && pathSegment(metadata.name).length === 0) return;
  const errors = IPAddress.validate(serviceAddress(address, metadata));
  const { message } = StatusError.invalid(IPAddress, address, errors);
  throw invalid(request, [given ?? ''], `failed to allocate IP${given === undefined ? '' : ` ${given}`}: ${message}`);
}

/** A dry run looks into one range alone. */
function outOfRange({ dryRun }: AdmissionRequest, given: string, range: ReadyRange | undefined): string {
  if (!dryRun || !range) return 'the provided network does not match the current range';
  return `the provided IP (${given}) is not in the valid range. The range of valid IPs is ${range.cidr}`;
}

function invalid(request: AdmissionRequest, value: string[], detail: string): StatusError {
  return StatusError.invalid(request.kind, request.name, [{ type: 'Invalid', field: 'spec.clusterIPs', value, detail }]);
}
