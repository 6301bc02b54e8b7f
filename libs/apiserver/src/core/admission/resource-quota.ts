// What a namespace may use in all. The quota's new usage is written in the transaction that writes the object, on condition
// that nobody changed the quota meanwhile: however many requests come at once, together they never exceed it.
import {
  amountsOf,
  isInScope,
  isQuotaNameOf,
  type ResourceQuota as Quota,
  ResourceQuota as QuotaKind,
  quotaUsage,
  totalUsage,
} from '@berth/api';
import { deepClone, type KindDefinition, type KubeObject, Quantity, StatusError } from '@berth/machinery';
import type { Guard, Known } from '../commit.ts';
import { storageKey } from '../keys.ts';
import { Entry, encodeStored } from '../object-codec.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { missingAmounts } from './quota-constraints.ts';
import { isKind } from './request-predicates.ts';

export interface QuotaPorts {
  /** The quotas of a namespace; may lag behind the store. */
  quotas(namespace: string): Iterable<Entry>;
  /** As the store has it now. */
  load(namespace: string, name: string): Promise<Entry | undefined>;
  /** Every kind that objects of a namespace can have. */
  kinds(): KindDefinition[];
  /** Objects of a kind in a namespace, not older than the revision. */
  objects(kind: KindDefinition, namespace: string): Iterable<KubeObject>;
  reach(revision: number): Promise<void>;
  /** Unix milliseconds. */
  now(): number;
  /** Whose writes to a quota's status ask for a count. */
  counter: string;
}

export class ResourceQuota implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #ports: QuotaPorts;
  /** What was written last and the cache may not know yet, by key; the oldest are forgotten. */
  readonly #written = new Map<string, Entry>();

  constructor(ports: QuotaPorts) {
    this.#ports = ports;
  }

  /**
   * The controller says that usage changed; the server counts. Its cache applies all kinds' changes in one order, so once it has
   * the revision that the quota is written at, nothing counted there is missing, and the write fails if more comes in between.
   */
  mutate(request: AdmissionRequest): Promise<void> | void {
    const { subresource, kind, user } = request;
    if (subresource === 'status' && isKind(kind, '', 'ResourceQuota') && user.name === this.#ports.counter) return this.#count(request);
  }

  async #count(request: AdmissionRequest): Promise<void> {
    const { old, namespace = '' } = request;
    await this.#ports.reach(Number(old?.metadata.resourceVersion ?? 0));
    const quota = request.object as Quota;
    const used = totalUsage(quota, this.#ports.kinds(), (counted) => this.#ports.objects(counted, namespace), this.#ports.now());
    quota.status = { hard: { ...quota.spec?.hard }, used };
  }

  /** Where there are no quotas, this is a look-up and no more. */
  reserve(request: AdmissionRequest): Promise<void> | void {
    const { namespace } = request;
    if (!namespace || !isCounted(request)) return;
    const entries = [...this.#ports.quotas(namespace)];
    if (entries.length > 0) return this.#chargeAll(request, namespace, entries);
  }

  async #chargeAll(request: AdmissionRequest, namespace: string, entries: Entry[]): Promise<void> {
    const { known } = request;
    for (const cached of entries) {
      const entry = this.#newest(cached, namespace, known);
      if (!entry) continue;
      const guard = this.#charge(request, entry, true) ?? (await this.#chargeProven(request, namespace, entry));
      if (guard === 'none') continue;
      request.guards.push(guard);
      request.lockKey = `quota ${namespace}`;
    }
  }

  /** The newest of what the cache knows, what this server wrote last, and what an earlier attempt of this request learnt. */
  #newest(cached: Entry, namespace: string, known: Known): Entry | undefined {
    const { name } = cached.object.metadata;
    const key = storageKey(QuotaKind, namespace, name);
    const kv = known.get(key);
    if (known.has(key) && !kv) return undefined;
    const learnt = kv && new Entry(cached.key, kv.modRevision, kv.value);
    const candidates = [learnt, this.#written.get(key), cached].filter((entry) => entry !== undefined);
    return candidates.reduce((newest, entry) => (entry.revision > newest.revision ? entry : newest));
  }

  #remember(key: string, entry: Entry): void {
    this.#written.delete(key);
    this.#written.set(key, entry);
    const [oldest] = this.#written.keys();
    if (this.#written.size > writtenMax && oldest !== undefined) this.#written.delete(oldest);
  }

  /** What does not fit into a quota as it was may fit into it as it is: usage falls behind the cache's back. */
  async #chargeProven(request: AdmissionRequest, namespace: string, seen: Entry): Promise<Guard | 'none'> {
    const entry = await this.#ports.load(namespace, seen.object.metadata.name);
    return entry ? (this.#charge(request, entry, false) ?? 'none') : 'none';
  }

  /** Undefined when it is refused, but only `maybe`. @throws StatusError */
  #charge(request: AdmissionRequest, entry: Entry, maybe: boolean): Guard | 'none' | undefined {
    const quota = entry.object as Quota;
    const { kind, object, old } = request;
    const hardNames = Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {}).filter((name) => isQuotaNameOf(kind, name));
    if (hardNames.length === 0 || !isInScope(quota, kind, object)) return 'none';
    const refusal = this.#refusal(request, quota, hardNames);
    if (refusal !== undefined) {
      if (maybe) return undefined;
      throw StatusError.forbidden(kind, request.name, refusal);
    }
    const requested = change(kind, object, old, hardNames);
    return requested.size === 0 ? 'none' : chargeGuard(quota, entry, requested, (key, written) => this.#remember(key, written));
  }

  #refusal(request: AdmissionRequest, quota: Quota, names: string[]): string | undefined {
    const { metadata, status } = quota;
    const missing = missingAmounts(request.kind, request.object, names);
    if (missing) return `failed quota: ${metadata.name}: must specify ${missing}`;
    const unknown = names.filter((name) => status?.hard?.[name] === undefined || status.used?.[name] === undefined);
    if (unknown.length > 0) return `status unknown for quota: ${metadata.name}, resources: ${unknown.sort().join(',')}`;
    const requested = change(request.kind, request.object, request.old, names);
    const hard = amountsOf(status?.hard);
    const used = amountsOf(status?.used);
    const exceeded = [...requested].filter(([name, amount]) => (used.get(name)?.add(amount) ?? amount).compare(hard.get(name) ?? zero) > 0);
    if (exceeded.length === 0) return undefined;
    const print = (of: (name: string) => Quantity | undefined) =>
      exceeded
        .map(([name]) => `${name}=${of(name) ?? zero}`)
        .sort()
        .join(',');
    const told = `requested: ${print((name) => requested.get(name))}, used: ${print((name) => used.get(name))}`;
    return `exceeded quota: ${metadata.name}, ${told}, limited: ${print((name) => hard.get(name))}`;
  }
}

/** Quotas that are under load at the same time. */
const writtenMax = 1000;
const zero = new Quantity(0n);
/** These change what they use while they exist. */
const growing = ['services', 'persistentvolumeclaims'];

function isCounted({ operation, kind, subresource }: AdmissionRequest): boolean {
  if (operation === 'CREATE') return !subresource;
  if (kind.group !== '') return false;
  return subresource === 'resize' ? kind.plural === 'pods' : !subresource && growing.includes(kind.plural);
}

/** More than before, by name; what falls is left to the next count. */
function change(kind: KindDefinition, object: KubeObject, old: KubeObject | undefined, names: string[]): Map<string, Quantity> {
  const before = old ? quotaUsage(kind, old) : new Map<string, Quantity>();
  const more = new Map<string, Quantity>();
  for (const [name, amount] of quotaUsage(kind, object)) {
    const previous = before.get(name);
    const added = previous ? amount.subtract(previous) : amount;
    if (names.includes(name) && added.nanos > 0n) more.set(name, added);
  }
  return more;
}

function chargeGuard(quota: Quota, entry: Entry, requested: Map<string, Quantity>, remember: (key: string, written: Entry) => void): Guard {
  const { namespace, name } = quota.metadata;
  const key = storageKey(QuotaKind, namespace, name);
  const next = deepClone(quota);
  const used = amountsOf(quota.status?.used);
  const sums = [...requested].map(([resource, amount]) => [resource, (used.get(resource)?.add(amount) ?? amount).toString()]);
  next.status = { ...next.status, used: { ...next.status?.used, ...Object.fromEntries(sums) } };
  const value = encodeStored(next);
  return {
    compare: { key, target: 'mod', revision: entry.revision },
    write: { type: 'put', key, value },
    // Somebody else was faster: with what is used now, it may fit or not.
    onConflict() {},
    onCommit: (revision) => remember(key, new Entry(entry.key, revision, value)),
  };
}
