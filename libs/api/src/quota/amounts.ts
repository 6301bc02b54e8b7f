// Sums of resources as exact quantities, and what a pod as a whole requests and is limited to.
import { isQuantity, parseQuantity, Quantity } from '@berth/machinery';
import type { Container, PodSpec } from '../generated/core-v1.types.ts';

export type Amounts = Map<string, Quantity>;
export type AmountKind = 'requests' | 'limits';

export function amountsOf(list: Record<string, string> | undefined): Amounts {
  // What is no quantity is for validation to refuse, which counts too.
  return new Map(Object.entries(list ?? {}).flatMap(([name, text]) => (isQuantity(text) ? [[name, parseQuantity(text)]] : [])));
}

export function addAmounts(target: Amounts, more: Amounts): void {
  for (const [name, amount] of more) add(target, name, amount);
}

export function add(target: Amounts, name: string, amount: Quantity): void {
  target.set(name, target.get(name)?.add(amount) ?? amount);
}

export function whole(count: number): Quantity {
  return new Quantity(BigInt(count) * 1_000_000_000n);
}

/** What a pod as a whole asks for: what it says so itself, else its containers; overhead, where wanted, on top. */
export function podAmounts(spec: PodSpec, kind: AmountKind, withOverhead: boolean): Amounts {
  const total = containerTotals(spec, kind);
  for (const [name, amount] of amountsOf(spec.resources?.[kind])) total.set(name, amount);
  if (withOverhead) addOverhead(total, spec, kind);
  return total;
}

/** Its containers as a scheduler counts them: sidecars for good, other init containers by their peak. */
export function containerTotals(spec: PodSpec, kind: AmountKind): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers ?? []) addAmounts(total, containerAmounts(container, kind));
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const own = containerAmounts(container, kind);
    if (container.restartPolicy === 'Always') {
      addAmounts(total, own);
      addAmounts(sidecars, own);
      raise(starting, sidecars);
    } else {
      addAmounts(own, sidecars);
      raise(starting, own);
    }
  }
  raise(total, starting);
  return total;
}

/** A limit that is not there is not made by overhead. */
function addOverhead(total: Amounts, spec: PodSpec, kind: AmountKind): void {
  for (const [name, amount] of amountsOf(spec.overhead)) if (kind === 'requests' || total.has(name)) add(total, name, amount);
}

function containerAmounts({ resources }: Container, kind: AmountKind): Amounts {
  return amountsOf(resources?.[kind]);
}

function raise(target: Amounts, least: Amounts): void {
  for (const [name, amount] of least) {
    const now = target.get(name);
    if (!now || amount.compare(now) > 0) target.set(name, amount);
  }
}
