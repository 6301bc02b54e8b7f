// Amounts of resources as integers: cpu in thousandths, everything else in whole units. Parsed once a pod or node, because
// scheduling compares them a thousand times for each time they are read.
import type { Container, PodSpec } from '@berth/api';
import { parseQuantity } from '@berth/machinery';

/** By resource name; an absent name is zero. */
export type Resources = Map<string, number>;

/** What a container that asks for nothing is counted as when nodes are compared, so that such pods spread too. */
const scoredDefaults: Record<string, number> = { cpu: 100, memory: 200 * 1024 * 1024 };

const byteUnits = [
  { name: 'Gi', bytes: 1024 ** 3 },
  { name: 'Mi', bytes: 1024 ** 2 },
  { name: 'Ki', bytes: 1024 },
];

export function amountOf(name: string, quantity: string): number {
  const parsed = parseQuantity(quantity);
  return name === 'cpu' ? parsed.milliValue() : parsed.value();
}

/** An amount as a quantity, exactly. */
export function amountText(name: string, amount: number): string {
  if (name === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
  const isBytes = name === 'memory' || name.endsWith('storage') || name.startsWith('hugepages-');
  const unit = isBytes ? byteUnits.find(({ bytes }) => amount >= bytes && amount % bytes === 0) : undefined;
  return unit ? `${amount / unit.bytes}${unit.name}` : String(amount);
}

export function resourcesFrom(quantities: Record<string, string> | undefined): Resources {
  const resources: Resources = new Map();
  for (const [name, quantity] of Object.entries(quantities ?? {})) resources.set(name, amountOf(name, quantity));
  return resources;
}

export function addTo(target: Resources, more: Resources, factor: 1 | -1 = 1): void {
  for (const [name, amount] of more) target.set(name, (target.get(name) ?? 0) + factor * amount);
}

function raiseTo(target: Resources, least: Resources): void {
  for (const [name, amount] of least) if (amount > (target.get(name) ?? 0)) target.set(name, amount);
}

/** A pod's demand: its containers with its sidecars, or the most that starting takes, and its overhead on top. */
export function podRequests(spec: PodSpec): Resources {
  return demand(spec, (container) => resourcesFrom(container.resources?.requests));
}

/** The same, with defaults for what containers leave open; for scores only. */
export function scoredRequests(spec: PodSpec): Resources {
  return demand(spec, (container) => {
    const requests = resourcesFrom(container.resources?.requests);
    for (const [name, amount] of Object.entries(scoredDefaults)) if (!requests.has(name)) requests.set(name, amount);
    return requests;
  });
}

function demand(spec: PodSpec, of: (container: Container) => Resources): Resources {
  const total: Resources = new Map();
  for (const container of spec.containers) addTo(total, of(container));
  // Init containers run one by one, beside the sidecars that started before them.
  const sidecars: Resources = new Map();
  const starting: Resources = new Map();
  for (const container of spec.initContainers ?? []) {
    const requests = of(container);
    if (container.restartPolicy === 'Always') {
      addTo(sidecars, requests);
      addTo(total, requests);
      raiseTo(starting, sidecars);
      continue;
    }
    addTo(requests, sidecars);
    raiseTo(starting, requests);
  }
  raiseTo(total, starting);
  // What the pod states for itself as a whole replaces the sum.
  for (const [name, amount] of resourcesFrom(spec.resources?.requests)) total.set(name, amount);
  addTo(total, resourcesFrom(spec.overhead));
  return total;
}
